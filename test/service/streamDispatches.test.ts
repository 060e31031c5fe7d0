import { Status } from 'nice-grpc-common';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { Event } from '../../proto/gen/frequenz/api/common/v1alpha8/streaming/event.js';
import { created, openStream, rawService } from '../support/rawService.js';

const raw = await rawService();
const { client } = raw;
let microgridId = 0n;
beforeEach(() => {
  microgridId += 1n;
});
afterAll(() => raw[Symbol.asyncDispose]());

describe('a stream', () => {
  it('sends its headers before there is any event', async () => {
    await using stream = await openStream(client, microgridId);
    const { metadata, data } = await created(client, {}, microgridId);
    expect(await stream.next()).toEqual({ dispatch: { metadata, data }, event: Event.CREATED });
  });

  it('reports what happens after it was opened, in order, and nothing from before', async () => {
    const { id } = await created(client, { type: 'before' }, microgridId);
    await using stream = await openStream(client, microgridId);
    const ids = { microgridId, dispatchId: id };
    const { dispatch } = await client.updateMicrogridDispatch({ ...ids, updateMask: ['duration'] });
    const other = await created(client, {}, microgridId);
    await client.deleteMicrogridDispatch(ids);
    const events = [await stream.next(), await stream.next(), await stream.next()];
    expect(events.map(({ event }) => event)).toEqual([Event.UPDATED, Event.CREATED, Event.DELETED]);
    expect(events[0]?.dispatch).toEqual(dispatch);
    expect(events[1]?.dispatch?.metadata?.dispatchId).toBe(other.id);
  });

  it('reports a deletion with the last state and a new update time', async () => {
    const { id, metadata, data } = await created(client, { payload: { last: 'state' } }, microgridId);
    await using stream = await openStream(client, microgridId);
    await client.deleteMicrogridDispatch({ microgridId, dispatchId: id });
    const { dispatch, event } = await stream.next();
    expect(event).toBe(Event.DELETED);
    expect(dispatch?.data).toEqual(data);
    expect(dispatch?.metadata).toEqual({ ...metadata, updateTime: dispatch?.metadata?.updateTime });
    const micros = (time = metadata?.updateTime) => Number(time?.seconds) * 1e6 + Number(time?.nanos) / 1e3;
    expect(micros(dispatch?.metadata?.updateTime)).toBeGreaterThan(micros());
  });

  it('hears nothing of another microgrid', async () => {
    await using stream = await openStream(client, microgridId);
    await created(client, {}, microgridId + 1_000_000n);
    const { id } = await created(client, {}, microgridId);
    expect((await stream.next()).dispatch?.metadata?.dispatchId).toBe(id);
  });

  it('gets the same events in the same order as every other stream of the microgrid', async () => {
    await using one = await openStream(client, microgridId);
    await using two = await openStream(client, microgridId);
    await Promise.all(Array.from({ length: 200 }, () => created(client, {}, microgridId)));
    const read = async (stream: Awaited<ReturnType<typeof openStream>>) => {
      const updateTimes: bigint[] = [];
      for (let count = 0; count < 200; count += 1) {
        const time = (await stream.next()).dispatch?.metadata?.updateTime;
        updateTimes.push((time?.seconds ?? 0n) * 1_000_000_000n + BigInt(time?.nanos ?? 0));
      }
      return updateTimes;
    };
    const [first, second] = await Promise.all([read(one), read(two)]);
    expect(first).toEqual(second);
    expect(first).toEqual([...first].sort((a, b) => (a < b ? -1 : 1)));
    expect(new Set(first).size).toBe(200);
  });

  it('goes on when another one of the microgrid is closed', async () => {
    await using stays = await openStream(client, microgridId);
    {
      await using _leaves = await openStream(client, microgridId);
    }
    await created(client, {}, microgridId);
    expect((await stays.next()).event).toBe(Event.CREATED);
  });

  it('ends with UNAVAILABLE when the service stops', async () => {
    await using stopping = await rawService();
    await using stream = await openStream(stopping.client);
    await stopping.service.stop();
    await expect(stream.next()).rejects.toMatchObject({
      code: Status.UNAVAILABLE,
      details: 'the service is shutting down',
    });
  });

  it('ends with a status when its peer does not read, and the service stops without waiting for it', async () => {
    await using stopping = await rawService();
    const responses = stopping.client.streamMicrogridDispatches({ microgridId: 1n });
    const iterator = responses[Symbol.asyncIterator]();
    const first = iterator.next();
    first.catch(() => {});
    const payload = { text: 'x'.repeat(50_000) };
    for (let count = 0; count < 20; count += 1) await created(stopping.client, { payload });
    await stopping.service.stop();
    const drain = async () => {
      for (let result = await first; !result.done; result = await iterator.next());
    };
    await expect(drain()).rejects.toMatchObject({ code: expect.any(Number) });
  });
});
