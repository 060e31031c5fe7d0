import { setMaxListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { HELD, LOCKED } from '../../../src/service/store/sql/applyBatch.js';
import { type WriteLanes, writeLanes } from '../../../src/service/store/sql/writeLanes.js';
import { creation } from '../../support/dispatchRow.js';

/** A transaction that the database has not answered yet. */
interface Transaction {
  readonly microgridIds: readonly number[];
  readonly waits: boolean;
  /** Answers it. What these microgrids are about is locked by another process. */
  answer(...locked: number[]): void;
  /** Answers it: it waited in vain for a lock. */
  hold(): void;
}

/** Lanes on a database that answers when the test wants it to. */
function lanesOn(maxTransactions: number) {
  const open: Transaction[] = [];
  const lanes = writeLanes(
    (calls, waits) =>
      new Promise(resolve => {
        const microgridIds = calls.map(({ microgridId }) => microgridId);
        open.push({
          microgridIds,
          waits,
          hold: () => resolve(calls.map(() => HELD)),
          answer: (...locked) =>
            resolve(microgridIds.map(id => (locked.includes(id) ? LOCKED : { applied: { seq: 1, dispatch: null } }))),
        });
      }),
    maxTransactions,
  );
  return {
    lanes,
    open,
    /** The next transactions, once they have begun. */
    async begun(count = 1): Promise<Transaction[]> {
      await turns();
      expect(open.length).toBe(count);
      return open.splice(0);
    },
  };
}

/** What is due happens. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise(resolve => setImmediate(resolve));
}

/** Of one that many calls have. */
function abortController(): AbortController {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
}

const apply = (lanes: WriteLanes, microgridId: number, write: { signal?: AbortSignal; deadlineMs?: number } = {}) =>
  lanes.apply({ microgridId, write: { ...creation(), ...write } });

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

async function pass(ms: number): Promise<void> {
  vi.advanceTimersByTime(ms);
  await turns();
}

describe('writeLanes', () => {
  it('drops what waits when nobody waits for it any more, and makes the rest', async () => {
    const { lanes, begun } = lanesOn(1);
    const gone = abortController();
    const first = apply(lanes, 1);
    const [one] = await begun();
    const dropped = Array.from({ length: 300 }, () => apply(lanes, 2, { signal: gone.signal }));
    const kept = apply(lanes, 3, { signal: new AbortController().signal });
    gone.abort();
    for (const write of dropped) await expect(write).rejects.toMatchObject({ name: 'AbortError' });
    await expect(apply(lanes, 4, { signal: gone.signal })).rejects.toMatchObject({ name: 'AbortError' });
    one?.answer();
    const [other] = await begun();
    expect(other?.microgridIds).toEqual([3]);
    other?.answer();
    await Promise.all([first, kept, lanes.close()]);
  });

  it('makes what has begun, also when nobody waits for it any more', async () => {
    const { lanes, begun } = lanesOn(1);
    const gone = abortController();
    const first = apply(lanes, 1, { signal: gone.signal });
    const [one] = await begun();
    gone.abort();
    one?.answer();
    await first;
  });

  it('leaves room for others when callers give up, and when one microgrid has many writes', async () => {
    const { lanes, begun } = lanesOn(1);
    const gone = abortController();
    const first = apply(lanes, 1);
    const [one] = await begun();
    const wait = (microgridId: number) => apply(lanes, microgridId, { signal: gone.signal }).catch(error => error.code);
    const inLane = Array.from({ length: 2_000 }, () => wait(2));
    expect(await wait(2)).toBe('RESOURCE_EXHAUSTED');
    const others = Array.from({ length: 7_999 }, (_, index) => wait(3 + (index % 10)));
    await turns();
    await expect(apply(lanes, 99)).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
    gone.abort();
    await Promise.all([...inLane, ...others]);
    const last = apply(lanes, 99);
    one?.answer();
    const [next] = await begun();
    next?.answer();
    await Promise.all([first, last]);
  });

  it('goes on until nothing waits, also for more microgrids than fit into a transaction', async () => {
    const { lanes, begun } = lanesOn(1);
    const writes = Array.from({ length: 300 }, (_, index) => apply(lanes, index));
    for (const expected of [64, 64, 64, 64, 44]) {
      const [next] = await begun();
      expect(next?.microgridIds).toHaveLength(expected);
      next?.answer();
    }
    await Promise.all([...writes, lanes.close()]);
  });

  it('has so many transactions at once, over different microgrids, and takes of each microgrid in turn', async () => {
    const { lanes, begun } = lanesOn(3);
    const one = apply(lanes, 1);
    const [first] = await begun();
    const more = [1, 1, 2].map(id => apply(lanes, id));
    await pass(2);
    const [second] = await begun();
    expect(second?.microgridIds).toEqual([2]);
    const many = [...Array(500).fill(3), 4, 4, 5].map((id: number) => apply(lanes, id));
    await pass(2);
    const [third] = await begun();
    expect(third?.microgridIds).toHaveLength(64);
    expect(third?.microgridIds.slice(0, 8)).toEqual([3, 4, 5, 3, 4, 3, 3, 3]);
    many.push(apply(lanes, 6));
    await pass(2);
    await begun(0);
    first?.answer();
    const [fourth] = await begun();
    expect(fourth?.microgridIds).toEqual([6, 1, 1]);
    for (const transaction of [second, third, fourth]) transaction?.answer();
    for (const expected of [...Array(6).fill(64), 500 + 3 - 7 * 64]) {
      const [next] = await begun();
      expect(next?.microgridIds).toHaveLength(expected);
      next?.answer();
    }
    await Promise.all([one, ...more, ...many, lanes.close()]);
  });

  it('begins two at once, another when writes have gathered for 2 ms or fill one, and the next when those are over', async () => {
    const { lanes, begun } = lanesOn(4);
    const writes = [apply(lanes, 1)];
    const [first] = await begun();
    writes.push(apply(lanes, 2));
    const [second] = await begun();
    writes.push(apply(lanes, 3));
    await pass(1);
    writes.push(apply(lanes, 4));
    await begun(0);
    await pass(1);
    const [third] = await begun();
    expect(third?.microgridIds).toEqual([3, 4]);
    writes.push(...Array.from({ length: 64 }, (_, index) => apply(lanes, 10 + index)));
    const [fourth] = await begun();
    expect(fourth?.microgridIds).toHaveLength(64);
    for (const transaction of [second, third]) transaction?.answer();
    writes.push(apply(lanes, 5));
    await begun(0);
    first?.answer();
    const [fifth] = await begun();
    for (const transaction of [fourth, fifth]) transaction?.answer();
    await Promise.all([...writes, lanes.close()]);
  });
});

describe('writeLanes, when another process has locked microgrids', () => {
  it('skips them, and makes the writes of the others', async () => {
    const { lanes, begun } = lanesOn(4);
    const order: number[] = [];
    const writes = [1, 2, 1].map((id, index) => apply(lanes, id).then(() => order.push(index)));
    const [first] = await begun();
    expect(first).toMatchObject({ microgridIds: [1, 2, 1], waits: false });
    first?.answer(1);
    await writes[1];
    expect(order).toEqual([1]);
    await begun(0);
    await pass(5);
    const [again] = await begun();
    expect(again).toMatchObject({ microgridIds: [1, 1], waits: false });
    again?.answer();
    await Promise.all(writes);
    expect(order).toEqual([1, 0, 2]);
    await lanes.close();
  });

  it('waits for a lock after three attempts, alone in a transaction; for one at a time, and in turn', async () => {
    const { lanes, open } = lanesOn(4);
    const writes = [1, 2, 3].map(id => apply(lanes, id));
    const locked = new Set([1, 2, 3]);
    const waitedFor: number[] = [];
    const skipped = new Map<number, number>();
    let awaited: Transaction | undefined;
    for (let step = 0; waitedFor.length < 7; step += 1) {
      expect(step).toBeLessThan(1_000);
      await pass(5);
      // Every tenth step, a wait is over in vain.
      if (step % 10 === 0) awaited = awaited?.answer(...locked) as undefined;
      for (const transaction of open.splice(0)) {
        if (!transaction.waits) {
          for (const id of transaction.microgridIds) skipped.set(id, (skipped.get(id) ?? 0) + 1);
          transaction.answer(...locked);
          continue;
        }
        expect(awaited).toBeUndefined();
        expect(transaction.microgridIds).toHaveLength(1);
        awaited = transaction;
        if (waitedFor.length === 0) expect([...skipped.values()]).toEqual([3, 3, 3]);
        waitedFor.push(...transaction.microgridIds);
      }
    }
    expect(waitedFor).toEqual([1, 2, 3, 1, 2, 3, 1]);
    awaited?.answer();
    await pass(25);
    for (const transaction of open.splice(0)) transaction.answer();
    await Promise.all([...writes, lanes.close()]);
  });

  it('tries those alone that shared a transaction which waited in vain, until they succeed, and the others as ever', async () => {
    const { lanes, begun } = lanesOn(4);
    const writes = [1, 2, 3].map(id => apply(lanes, id));
    const [together] = await begun();
    expect(together?.microgridIds).toEqual([1, 2, 3]);
    together?.hold();
    await begun(0);
    await pass(5);
    const [one] = await begun();
    expect(one).toMatchObject({ microgridIds: [1], waits: true });
    // Meanwhile others share transactions, without those that may be held.
    const others = [4, 5, 2].map(id => apply(lanes, id));
    const [shared] = await begun();
    expect(shared).toMatchObject({ microgridIds: [4, 5], waits: false });
    shared?.answer();
    one?.hold();
    for (const microgridIds of [[2, 2], [3]]) {
      const [alone] = await begun();
      expect(alone).toMatchObject({ microgridIds, waits: true });
      alone?.answer();
    }
    await pass(25);
    const [again] = await begun();
    expect(again).toMatchObject({ microgridIds: [1], waits: true });
    again?.answer();
    await Promise.all([...writes, ...others]);
    const last = [1, 2, 3].map(id => apply(lanes, id));
    const [reunited] = await begun();
    expect(reunited).toMatchObject({ microgridIds: [1, 2, 3], waits: false });
    reunited?.answer();
    await Promise.all([...last, lanes.close()]);
  });

  it('tells callers before their deadline, and others after 8 s, that nothing was changed', async () => {
    const { lanes, open } = lanesOn(4);
    const unavailable = {
      code: 'UNAVAILABLE',
      message: 'microgrid 1 is locked by another process: nothing was changed',
      microgridId: 1,
    };
    const startMs = Date.now();
    const endedMs: number[] = [];
    const ended = [2_000, 300, 60_000, undefined].map(async (timeoutMs, index) => {
      const deadlineMs = timeoutMs === undefined ? {} : { deadlineMs: startMs + timeoutMs };
      await expect(apply(lanes, 1, deadlineMs)).rejects.toMatchObject(unavailable);
      endedMs[index] = Date.now() - startMs;
    });
    for (let step = 0; step < 400; step += 1) {
      await pass(25);
      for (const transaction of open.splice(0)) transaction.answer(1);
    }
    await Promise.all(ended);
    expect(endedMs.map(ms => Math.round(ms / 100))).toEqual([16, 2, 80, 80]);
  });
});
