import { Status } from 'nice-grpc-common';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { Event } from '../../../proto/gen/frequenz/api/common/v1alpha8/streaming/event.js';
import { memoryStore } from '../../../src/service/store/memory/memoryStore.js';
import { creation } from '../../support/dispatchRow.js';
import { created, openStream, rawClient, rawService } from '../../support/rawService.js';
import { serveStore } from '../../support/serveStore.js';

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

  it('gets many changes in a turn of the event loop, so that a busy service does not starve it', async () => {
    const store = memoryStore();
    const served = await serveStore(store);
    const peer = rawClient(served);
    await using stream = await openStream(peer.client);
    let turns = 0;
    let reading = true;
    const countTurn = () => {
      turns += 1;
      if (reading) setImmediate(countTurn);
    };
    setImmediate(countTurn);
    await Promise.all(Array.from({ length: 500 }, () => store.apply(1, creation({ message: new Uint8Array() }))));
    for (let count = 0; count < 500; count += 1) await stream.next();
    reading = false;
    expect(turns).toBeLessThan(100);
    peer.channel.close();
    await served.stop();
  });

  it('is one of a thousand that all hear of every change, in order', async () => {
    await using many = await rawService();
    const streams = await Promise.all(Array.from({ length: 1000 }, () => openStream(many.client)));
    const ids: bigint[] = [];
    for (let count = 0; count < 5; count += 1) ids.push((await created(many.client)).id);
    const heard = await Promise.all(
      streams.map(async stream => {
        const seen: (bigint | undefined)[] = [];
        for (const _ of ids) seen.push((await stream.next()).dispatch?.metadata?.dispatchId);
        return seen;
      }),
    );
    expect(heard.filter(seen => seen.join() !== ids.join())).toEqual([]);
    await many.service.stop();
    const ends = await Promise.all(streams.map(stream => stream.next().catch(error => error.code)));
    expect(new Set(ends)).toEqual(new Set([Status.UNAVAILABLE]));
  });

  it('ends with RESOURCE_EXHAUSTED once its peer reads again, when too much waited, and holds up no other', async () => {
    await using busy = await rawService();
    const slowPeer = rawClient(busy.service);
    const slow = slowPeer.client.streamMicrogridDispatches({ microgridId: 1n })[Symbol.asyncIterator]();
    // The call is made with the first read; later ones are left out for now.
    const first = slow.next();
    first.catch(() => {});
    await using fast = await openStream(busy.client);
    const payload = { text: 'x'.repeat(20_000) };
    for (let count = 0; count < 300; count += 1) {
      await created(busy.client, { payload });
      expect((await fast.next()).event).toBe(Event.CREATED);
    }
    const read = async () => {
      let count = 0;
      for (let result = await first; !result.done; result = await slow.next()) count += 1;
      return count;
    };
    await expect(read()).rejects.toMatchObject({
      code: Status.RESOURCE_EXHAUSTED,
      details: 'this stream is read more slowly than changes are made: too many wait; open a new stream and list',
    });
    slowPeer.channel.close();
  });
});
