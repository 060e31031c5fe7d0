import { describe, expect, it } from 'vitest';
import { ListMicrogridDispatchesResponse } from '../../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { timestampOfMicros } from '../../../src/service/domain/timestamps.js';
import { encodeLogPosition } from '../../../src/wire/logPosition.js';
import { checkDelivery, type LogEntry } from './checkDelivery.js';
import type { FollowedPart } from './follower.js';

/** Entries 101 to 106 of a log; the last but one is a deletion. */
const log: LogEntry[] = [1, 2, 3, 1, 2, 4].map((id, index) => ({
  microgridId: 7,
  seq: 101 + index,
  id,
  atUs: 1_000 + index,
  isDeletion: index === 4,
}));
const [first, ...later] = log.map(encodeLogPosition);
const before = '100:999:9';

function listOf(updatedUs: Record<number, number>): Buffer {
  const dispatches = Object.entries(updatedUs).map(([id, us]) => ({
    metadata: { dispatchId: BigInt(id), updateTime: timestampOfMicros(us) },
  }));
  return Buffer.from(
    ListMicrogridDispatchesResponse.encode(ListMicrogridDispatchesResponse.fromPartial({ dispatches })).finish(),
  );
}

function check(...parts: { from?: string | undefined; changes: (string | undefined)[]; list?: Buffer }[]) {
  const followed = parts.map(({ from = before, changes, list = null }) => ({ from, changes, list }));
  return checkDelivery(7, followed as FollowedPart[], log);
}

describe('what a follower got', () => {
  it('is right when each entry came once and in order', () => {
    expect(check({ changes: [first, ...later] })).toEqual({ received: 6, listed: 0 });
  });

  it.each([
    ['lacks an entry', [first, ...later.slice(1)]],
    ['lacks the last entry', [first, ...later.slice(0, -1)]],
    ['has an entry twice', [first, first, ...later]],
    ['has two entries in the wrong order', [later[0], first, ...later.slice(1)]],
    ['has an entry that was not written', [first, ...later, '107:2000:1']],
  ])('is wrong when it %s', (_, changes) => {
    expect(() => check({ changes })).toThrow('microgrid 7 got');
  });

  it('may lack what a later list shows', () => {
    const list = listOf({ 1: 1_003, 3: 1_002, 9: 900 });
    const parts = [{ changes: [first] }, { from: later[3], changes: later.slice(4), list }];
    expect(check(...parts)).toEqual({ received: 2, listed: 4 });
  });

  it.each([
    ['lacks an updated dispatch', { 1: 1_003 }],
    ['has an older version of one', { 1: 1_000, 3: 1_002 }],
    ['has a deleted one', { 1: 1_003, 2: 1_001, 3: 1_002 }],
  ])('is wrong when that list %s', (_, updatedUs) => {
    const list = listOf(updatedUs);
    expect(() => check({ changes: [first] }, { from: later[3], changes: later.slice(4), list })).toThrow('a list of');
  });

  it('is wrong when it goes on later without a list', () => {
    expect(() => check({ changes: [first] }, { from: later[3], changes: later.slice(4) })).toThrow('without a list');
  });
});
