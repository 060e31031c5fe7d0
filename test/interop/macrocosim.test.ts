// The dispatch service of macrocosim, by another author: what works with it, and what it does otherwise.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DispatchClient } from '../../src/client/dispatchClient.js';
import type { MicrogridClient } from '../../src/client/microgridClient.js';
import type { NewDispatch } from '../../src/client/requests.js';
import type { Dispatch } from '../../src/dispatch.js';
import { describeWith } from '../support/describeWith.js';
import { followOver, held, truth } from '../support/resumableService.js';
import { runCli } from '../support/runCli.js';
import { type TcpProxy, tcpProxy } from '../support/tcpProxy.js';
import { startFollower } from './follower.js';
import { type Macrocosim, missingMacrocosim, startMacrocosim } from './macrocosim.js';
import { beforeUpdate, createCases, newDispatch, startTime, updateCases } from './ourCases.js';
import { fromNow } from './pythonDispatch.js';

const second = 1_000;

describeWith(missingMacrocosim(), 'macrocosim', () => {
  let macrocosim: Macrocosim;
  let client: DispatchClient;
  let microgrid: MicrogridClient;
  beforeAll(async () => {
    macrocosim = await startMacrocosim({ microgrids: 6 });
    client = new DispatchClient({ address: macrocosim.address, authKey: 'any', signSecret: 'any' });
    microgrid = client.forMicrogrid(1);
  });
  afterAll(async () => {
    client?.close();
    await macrocosim?.[Symbol.asyncDispose]();
  });

  describe('our client', () => {
    it.each(createCases)('creates %s', async (_, dispatch, weRead) => {
      const created = await microgrid.create(newDispatch(dispatch));
      const always = {
        microgridId: 1,
        type: 'INTEROP',
        startTimeMs: startTime.getTime(),
        recurrence: null,
        payload: {},
      };
      expect(created.record).toMatchObject({ ...always, active: true, dryRun: false, ...weRead });
      expect((await microgrid.get(created.id)).record).toEqual(created.record);
    });

    it('creates a run that begins at once', async () => {
      const created = await microgrid.create(newDispatch({ startTime: 'NOW' }));
      expect(Math.abs(created.startTime.getTime() - Date.now())).toBeLessThan(5 * second);
    });

    it.each(updateCases.filter(([name]) => !name.startsWith('the rule')))('updates %s', async (_, changes) => {
      const { id, record } = await microgrid.create(newDispatch(beforeUpdate));
      const { startTime: start, ...others } = changes;
      const changed = { ...others, ...(start && { startTimeMs: start.getTime() }) };
      const updated = await microgrid.update(id, changes);
      expect(updated.record).toEqual({
        ...record,
        ...changed,
        endTimeMs: updated.record.endTimeMs,
        updateTime: updated.record.updateTime,
      });
      expect((await microgrid.get(id)).record).toEqual(updated.record);
    });

    it('cannot change or clear a rule: it ignores that', async () => {
      const { id, recurrence } = await microgrid.create(newDispatch(beforeUpdate));
      for (const changed of [{ frequency: 'DAILY', interval: 1 } as const, null]) {
        expect((await microgrid.update(id, { recurrence: changed })).recurrence).toEqual(recurrence);
      }
    });

    it('deletes, and is told what is not there', async () => {
      const { id } = await microgrid.create(newDispatch());
      await microgrid.delete(id);
      await expect(microgrid.get(id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
      await expect(client.create({ microgridId: 99, ...newDispatch() })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    });

    it('lists by filter, in pages', async () => {
      const other = client.forMicrogrid(2);
      const made: number[] = [];
      for (const fields of [{ type: 'CHARGE' }, { type: 'HOLD', active: false }, { type: 'HOLD', dryRun: true }]) {
        made.push((await other.create(newDispatch(fields))).id);
      }
      const [first, second_, third] = made as [number, number, number];
      expect(await idsOf(other.list({ pageSize: 1 }))).toEqual([third, second_, first]);
      expect(await idsOf(other.list({ active: true }))).toEqual([third, first]);
      expect(await idsOf(other.list({ dryRun: true }))).toEqual([third]);
      expect(await idsOf(other.list({ ids: [first] }))).toEqual([first]);
      expect(await idsOf(other.list({ queries: ['HOLD'] }))).toEqual([third, second_]);
      expect(await idsOf(other.list({ endFrom: new Date() }))).toEqual([third, second_, first]);
    });

    it('gets no list by the end with what has none', async () => {
      const other = client.forMicrogrid(3);
      await other.create(newDispatch({ durationMs: null }));
      await other.create(newDispatch(beforeUpdate));
      expect(await idsOf(other.list())).toHaveLength(2);
      expect(await idsOf(other.list({ endFrom: new Date() }))).toEqual([]);
    });

    it('watches: all that is there is created again, then comes what changes', async () => {
      const other = client.forMicrogrid(4);
      const before = await other.create(newDispatch());
      const stopped = new AbortController();
      const events = other.watch({ signal: stopped.signal });
      expect((await events.next()).value).toMatchObject({ type: 'created', dispatch: { record: before.record } });
      const created = await other.create(newDispatch());
      const updated = await other.update(created.id, { durationMs: second });
      await other.delete(created.id);
      const told = [await events.next(), await events.next(), await events.next()].map(({ value }) => value);
      expect(told.map(change => [change?.type, change?.dispatch.id, change?.dispatch.record.durationMs])).toEqual([
        ['created', created.id, created.durationMs],
        ['updated', created.id, updated.durationMs],
        ['deleted', created.id, updated.durationMs],
      ]);
      stopped.abort();
    });

    it('lists what is more than a message may be, as 120 and then 400 dispatches of 45 kB', async () => {
      const other = client.forMicrogrid(5);
      const large = newDispatch({ payload: { text: 'x'.repeat(45_000) } });
      const make = async (count: number) => {
        await Promise.all(Array.from({ length: count }, () => other.create(large)));
        return (await idsOf(other.list({ pageSize: 1_000 }))).length;
      };
      expect(await make(120)).toBe(120);
      expect(await make(280)).toBe(400);
      await using follower = await followOver(macrocosim.address, { microgridId: 5 });
      await follower.dispatcher.ready();
      expect(follower.dispatcher.dispatches.size).toBe(400);
    });
  });

  describe('our dispatcher', () => {
    const brief = (fields: Partial<NewDispatch> = {}) =>
      newDispatch({ startTime: 'NOW', durationMs: 600 * second, ...fields });

    it('follows what is there and what changes, and when runs begin and end', async () => {
      const other = client.forMicrogrid(6);
      const there = await other.create(brief());
      await using follower = await followOver(macrocosim.address, { microgridId: 6 });
      await follower.dispatcher.ready();
      const running = follower.dispatcher.newRunningStateReceiver('*');
      const heard = async () => {
        const dispatch = await running.receive();
        return `${dispatch?.id} ${dispatch?.change?.kind}`;
      };
      expect(await heard()).toBe(`${there.id} started`);
      await other.update(there.id, { payload: { kw: 2 } });
      expect(await heard()).toBe(`${there.id} reconfigured`);
      await other.delete(there.id);
      expect(await heard()).toBe(`${there.id} stopped`);
      const soon = await other.create(brief({ startTime: new Date(fromNow(100)), durationMs: second }));
      expect(await heard()).toBe(`${soon.id} started`);
      expect(await heard()).toBe(`${soon.id} stopped`);
    });

    it('keeps what has no end, and what recurs, when it comes back', async () => {
      const other = client.forMicrogrid(3);
      await using proxy = await proxyOf(macrocosim);
      await using follower = await followOver(`grpc://127.0.0.1:${proxy.port}?ssl=false`, { microgridId: 3 });
      await follower.dispatcher.ready();
      const endless = await other.create(brief({ durationMs: null }));
      const recurring = await other.create(brief({ recurrence: { frequency: 'DAILY', interval: 1 } }));
      const gone = await other.create(brief({ durationMs: null }));
      await expect.poll(() => follower.dispatcher.dispatches.has(gone.id)).toBe(true);
      follower.said();
      const runs: string[] = [];
      follower.dispatcher.on('running', ({ id, change }) => runs.push(`${id} ${change?.kind}`));
      const live = follower.nextLive();
      proxy.cut();
      await other.delete(gone.id);
      proxy.restore();
      await live;
      const marker = await other.create(brief());
      await expect.poll(() => follower.dispatcher.dispatches.has(marker.id)).toBe(true);
      expect(follower.said()).toEqual([`${gone.id} deleted`, `${marker.id} created`]);
      expect(runs).toEqual([`${gone.id} stopped`, `${marker.id} started`]);
      expect([...follower.dispatcher.dispatches.keys()]).toEqual(expect.arrayContaining([endless.id, recurring.id]));
    });

    it('finds what it has missed when its stream lags behind and ends with DATA_LOSS', async () => {
      const other = client.forMicrogrid(2);
      await using proxy = await proxyOf(macrocosim);
      await using follower = await followOver(`grpc://127.0.0.1:${proxy.port}?ssl=false`, { microgridId: 2 });
      await follower.dispatcher.ready();
      const live = follower.nextLive();
      proxy.delay(Number.POSITIVE_INFINITY);
      const { id } = await other.create(brief());
      // More than is under way to a reader that does not read, then more than is kept for it.
      for (let i = 0; i < 100; i++) await other.update(id, { payload: { i, text: 'x'.repeat(100_000) } });
      for (let i = 0; i < 1_000; i++) await other.update(id, { payload: { i } });
      proxy.delay(0);
      await live;
      await expect.poll(() => held(follower.dispatcher)).toEqual(await truth(macrocosim.address, 2));
      expect(follower.problems.map(({ code }) => code)).toContain('DATA_LOSS');
      expect(follower.said().filter(line => line === `${id} created`)).toHaveLength(1);
    });
  });

  describe('the dispatch command', () => {
    it('creates, shows, updates, lists and deletes', async () => {
      const dispatch = async (...args: string[]) => {
        const { code, stdout, stderr } = await runCli([...args, '--url', macrocosim.address, '--json']);
        expect(stderr.replace(/^\{"note":.*\}\n/gm, '')).toBe('');
        expect(code).toBe(0);
        return stdout
          .split('\n')
          .filter(line => line !== '')
          .map(line => JSON.parse(line));
      };
      const [created] = await dispatch('create', '1', 'COMMAND', '4,7', '2099-01-02T08:00', '1h');
      expect(created).toMatchObject({ type: 'COMMAND', selector: { ids: [4, 7] }, durationMs: 3_600_000 });
      const id = String(created.id);
      const [updated] = await dispatch('update', '1', id, '--no-duration');
      expect(updated).toMatchObject({ id: created.id, durationMs: null });
      expect(await dispatch('get', '1', id)).toEqual([updated]);
      expect(await dispatch('list', '1', '--filter-queries', 'COMMAND')).toEqual([updated]);
      await dispatch('delete', '1', id);
      expect(await dispatch('list', '1', '--filter-queries', 'COMMAND')).toEqual([]);
    });

    it('follows', async () => {
      await using follower = startFollower(macrocosim.address, 1);
      const { id } = await microgrid.create(
        newDispatch({ startTime: new Date(fromNow(3 * second)), durationMs: second }),
      );
      const notifications = await follower.about(id, 2);
      expect(notifications.map(({ notification }) => notification)).toEqual(['running.started', 'running.stopped']);
    });
  });
});

async function idsOf(dispatches: AsyncIterable<Dispatch>): Promise<number[]> {
  const ids: number[] = [];
  for await (const { id } of dispatches) ids.push(id);
  return ids;
}

/** A proxy to it, which listens on `[HOST]:PORT`. */
function proxyOf({ address }: Macrocosim): Promise<TcpProxy> {
  const { hostname, port } = new URL(address);
  return tcpProxy(Number(port), hostname.slice(1, -1));
}
