import { setImmediate } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { readTogether } from '../../../src/service/store/readTogether.js';
import { deferred } from '../../support/deferred.js';

/** Reads of numbers, each of which ends when it is told to; a read of a negative number fails. */
function reads(most = 100) {
  const begun: (readonly number[])[] = [];
  let goOn = deferred();
  const read = readTogether(async (numbers: readonly number[]) => {
    begun.push(numbers);
    await goOn.promise;
    if (numbers.some(number => number < 0)) throw new Error('it failed');
    return numbers.map(number => number * 10);
  }, most);
  const end = async () => {
    goOn.resolve();
    goOn = deferred();
    await setImmediate();
  };
  return { begun, read, end };
}

it('reads together what is asked for at the same time, and then what came meanwhile', async () => {
  const { begun, read, end } = reads();
  const first = [read(1), read(2)];
  await setImmediate();
  const second = [read(3), read(3)];
  await setImmediate();
  expect(begun).toEqual([[1, 2]]);
  await end();
  expect(await Promise.all(first)).toEqual([10, 20]);
  expect(begun).toEqual([
    [1, 2],
    [3, 3],
  ]);
  await end();
  expect(await Promise.all(second)).toEqual([30, 30]);
});

it('reads no more at once than it may', async () => {
  const { begun, read, end } = reads(2);
  const all = [1, 2, 3].map(read);
  await setImmediate();
  await end();
  await end();
  expect(await Promise.all(all)).toEqual([10, 20, 30]);
  expect(begun).toEqual([[1, 2], [3]]);
});

it('fails for those of a read that failed only', async () => {
  const { read, end } = reads(2);
  const all = Promise.allSettled([1, -2, 3].map(read));
  await setImmediate();
  await end();
  await end();
  expect(await all).toMatchObject([
    { status: 'rejected', reason: new Error('it failed') },
    { status: 'rejected', reason: new Error('it failed') },
    { status: 'fulfilled', value: 30 },
  ]);
  const later = read(4);
  await setImmediate();
  await end();
  expect(await later).toBe(40);
});
