import { setImmediate } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { StartQueue } from '../../../src/cli/run/startQueue.js';

it('lets other work go on between starts, and starts nothing that was removed', async () => {
  const queue = new StartQueue();
  const log: string[] = [];
  const removals = ['a', 'b', 'c', 'd'].map(name => queue.add(() => log.push(name)));
  expect(log).toEqual(['a']);
  expect(removals[2]?.()).toBe(true);
  for (let turn = 0; turn < 4; turn += 1) {
    await setImmediate();
    log.push('other work');
  }
  expect(log.slice(0, 4)).toEqual(['a', 'b', 'other work', 'd']);
  expect(removals.map(remove => remove())).toEqual([false, false, false, false]);
});

it('starts at once again after all were started', async () => {
  const queue = new StartQueue();
  const log: string[] = [];
  queue.add(() => log.push('a'));
  await setImmediate();
  await setImmediate();
  queue.add(() => log.push('b'));
  expect(log).toEqual(['a', 'b']);
});
