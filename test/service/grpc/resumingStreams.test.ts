import { Metadata } from 'nice-grpc';
import { afterAll, beforeEach, expect, it } from 'vitest';
import { Event } from '../../../proto/gen/frequenz/api/common/v1alpha8/streaming/event.js';
import type { Dispatch } from '../../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { created, openStream, rawService } from '../../support/rawService.js';

const raw = await rawService();
const { client } = raw;
let microgridId = 0n;
beforeEach(() => {
  microgridId += 1n;
});
afterAll(() => raw[Symbol.asyncDispose]());

function positionOf(seq: number, dispatch: Dispatch | undefined): string {
  const { dispatchId, updateTime } = dispatch?.metadata ?? {};
  return `${seq}:${Number(updateTime?.seconds) * 1e6 + Number(updateTime?.nanos) / 1e3}:${dispatchId}`;
}

it('a stream says in its headers where the change log stands, and what time it is', async () => {
  await using empty = await openStream(client, microgridId);
  expect(empty.header.get('change-log-position')).toBe('0');
  await created(client, {}, microgridId);
  const second = await created(client, {}, microgridId);
  await using stream = await openStream(client, microgridId);
  expect(stream.header.get('change-log-position')).toBe(positionOf(2, second));
  expect(stream.header.get('resumed')).toBeUndefined();
  const serverTime = stream.header.get('server-time') ?? '';
  expect(serverTime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  expect(Math.abs(Date.parse(serverTime) - Date.now())).toBeLessThan(60_000);
});

it('a stream goes on after the position that it was asked for, which each change carries', async () => {
  const first = await created(client, {}, microgridId);
  const { dispatch: updated } = await client.updateMicrogridDispatch({
    microgridId,
    dispatchId: first.id,
    updateMask: ['duration'],
  });
  await client.deleteMicrogridDispatch({ microgridId, dispatchId: first.id });
  await using stream = await openStream(client, microgridId, Metadata({ 'resume-after': positionOf(1, first) }));
  expect(stream.header.get('resumed')).toBe('true');
  const [second, third] = [await stream.next(), await stream.next()];
  expect([second.event, third.event]).toEqual([Event.UPDATED, Event.DELETED]);
  expect(positionOf(2, second.dispatch)).toBe(positionOf(2, updated));
  expect(stream.header.get('change-log-position')).toBe(positionOf(3, third.dispatch));
  const { id } = await created(client, {}, microgridId);
  expect((await stream.next()).dispatch?.metadata?.dispatchId).toBe(id);
});

it.each(['', 'x', '-1', '01:1:1', '1:2', '1:2:3:4', '99999999999999999999:1:1', '1:1:99999999999999999999999'])(
  'a stream is not resumed after what is no position: "%s"',
  async text => {
    await created(client, {}, microgridId);
    await using stream = await openStream(client, microgridId, Metadata({ 'resume-after': text }));
    expect(stream.header.get('resumed')).toBeUndefined();
    expect(stream.header.get('change-log-position')).toMatch(/^1:/);
  },
);
