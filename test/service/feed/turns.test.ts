import { expect, it } from 'vitest';
import { turns } from '../../../src/service/feed/turns.js';

it('gives each its turn once, those that were left out first and those that were read last', () => {
  const waiting = turns();
  for (const microgridId of [1, 2, 3, 2, 4, 5, 1]) waiting.add(microgridId);
  expect(waiting.size).toBe(5);
  expect(waiting.take(3)).toEqual([1, 2, 3]);
  waiting.add(6);
  waiting.add(1);
  waiting.takeBack([2, 3], [1]);
  expect(waiting.take(10)).toEqual([2, 3, 4, 5, 6, 1]);
  expect(waiting.size).toBe(0);
  waiting.takeBack([], [7]);
  waiting.clear();
  expect(waiting.take(1)).toEqual([]);
});
