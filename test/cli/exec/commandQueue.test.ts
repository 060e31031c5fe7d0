import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { RunNotification } from '../../../machines/dispatch/runNotification.js';
import { commandQueue } from '../../../src/cli/exec/commandQueue.js';
import type { Selector } from '../../../src/model/selector.js';
import { dispatchRecord } from '../../support/dispatchRecord.js';
import { at } from '../../support/time.js';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

const started = (id: number, selector: Selector): RunNotification => ({
  type: 'running.started',
  cause: 'schedule',
  dispatch: dispatchRecord({ id, selector }),
  run: { startMs: at('10:00'), endMs: at('10:30') },
  atMs: at('10:00'),
  lateMs: 0,
});

/** A queue whose commands end when the test says so. */
function queueOfTest() {
  const said: string[] = [];
  const running = new Map<number, (problem: string | null) => void>();
  const queue = commandQueue({
    start: ({ dispatch }) => new Promise(resolve => running.set(dispatch.id, resolve)),
    say: line => said.push(line),
  });
  const end = async (id: number, problem: string | null = null) => {
    const resolve = running.get(id);
    running.delete(id);
    resolve?.(problem);
    await vi.advanceTimersByTimeAsync(0);
  };
  return { queue, said, running: () => [...running.keys()], end };
}

it('runs commands for the same component one after the other, and others beside them', async () => {
  const { queue, running, end } = queueOfTest();
  queue.run(started(1, { ids: [5, 6] }));
  queue.run(started(2, { ids: [6, 7] }));
  queue.run(started(3, { ids: [7] }));
  queue.run(started(4, { ids: [8] }));
  expect(running()).toEqual([1, 4]);
  await end(1);
  expect(running()).toEqual([4, 2]);
  await end(2);
  expect(running()).toEqual([4, 3]);
  const done = queue.done();
  await end(4);
  await end(3);
  await done;
  expect(vi.getTimerCount()).toBe(0);
});

it('runs commands of one dispatch in order though its selector changed', async () => {
  const { queue, running, end } = queueOfTest();
  queue.run(started(1, { ids: [5] }));
  queue.run(started(1, { ids: [9] }));
  queue.run(started(2, { ids: [9] }));
  expect(running()).toEqual([1]);
  await end(1);
  expect(running()).toEqual([1]);
  await end(1);
  expect(running()).toEqual([2]);
  await end(2);
});

it('runs at most eight at a time, goes on after one that fails, and says which wait for long and for what', async () => {
  const { queue, said, running, end } = queueOfTest();
  for (let id = 1; id <= 13; id++) queue.run(started(id, { ids: [id] }));
  queue.run(started(14, { ids: [1] }));
  expect(running()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  await end(8, 'the command ended with exit code 3');
  expect(said).toEqual(['the command ended with exit code 3 (running.started of dispatch 8)']);
  expect(running()).toEqual([1, 2, 3, 4, 5, 6, 7, 9]);
  await vi.advanceTimersByTimeAsync(9_999);
  expect(said).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1);
  const limit = 'for one of the 8 that run';
  expect(said.at(-1)).toBe(
    `commands wait: running.started of dispatch 10 ${limit}; running.started of dispatch 11 ${limit}; ` +
      `running.started of dispatch 12 ${limit}; 2 more`,
  );
  for (const id of [2, 3, 4, 5, 6]) await end(id);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(said.at(-1)).toBe('commands wait: running.started of dispatch 14 for running.started of dispatch 1');
  for (const id of [1, 7, 9, 10, 11, 12, 13, 14]) await end(id);
  expect(vi.getTimerCount()).toBe(0);
});

it('goes on after a command whose start throws', async () => {
  const said: string[] = [];
  const queue = commandQueue({
    start: async ({ dispatch }) => {
      if (dispatch.id === 1) throw new Error('no memory');
      return null;
    },
    say: line => said.push(line),
  });
  for (const id of [1, 2]) queue.run(started(id, { ids: [5] }));
  await queue.done();
  expect(said).toEqual(['the command cannot be run: no memory (running.started of dispatch 1)']);
});

it('takes any number of commands for one component', async () => {
  const ran: number[] = [];
  const queue = commandQueue({
    start: async ({ dispatch }) => {
      ran.push(dispatch.id);
      return null;
    },
    say: () => {},
  });
  // Compared with each other they would be 450 million pairs.
  const ids = Array.from({ length: 30_000 }, (_, index) => index + 1);
  for (const id of ids) queue.run(started(id, { categories: [{ category: 'BATTERY' }] }));
  await queue.done();
  expect(ran).toEqual(ids);
});
