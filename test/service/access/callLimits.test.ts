import { ServerCredentials } from '@grpc/grpc-js';
import { Metadata, Status } from 'nice-grpc-common';
import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '../../../src/service/access/callLimits.js';
import { keyRing } from '../../../src/service/access/keyRing.js';
import { tokenBucket } from '../../../src/service/access/tokenBucket.js';
import { memoryStore } from '../../../src/service/store/memory/memoryStore.js';
import { dispatchData, openStream, rawClient, rawService } from '../../support/rawService.js';
import { serveStore } from '../../support/serveStore.js';

const key = (name: string) => ({ name, key: `key-${name}`, secret: undefined, microgrids: 'all' }) as const;
const as = (name: string) => ({ metadata: Metadata({ key: `key-${name}` }) });

/** A service whose reads wait until they are released. */
async function slowService(limits: Partial<typeof DEFAULT_LIMITS>) {
  const released: (() => void)[] = [];
  const get = () => new Promise<null>(resolve => released.push(() => resolve(null)));
  const served = await serveStore(
    { ...memoryStore(), get },
    {
      access: { keys: keyRing([key('a'), key('b')]), credentials: ServerCredentials.createInsecure() },
      limits: { ...DEFAULT_LIMITS, ...limits },
    },
  );
  const { client, channel } = rawClient(served);
  const calls: Promise<unknown>[] = [];
  const read = (name: string, signal?: AbortSignal) =>
    client.getMicrogridDispatch({ microgridId: 1n, dispatchId: 1n }, { ...as(name), ...(signal && { signal }) });
  return {
    client,
    read,
    /** Starts a read, and waits until it is under way. */
    async hold(name: string, signal?: AbortSignal) {
      const before = released.length;
      calls.push(read(name, signal).catch(error => error));
      while (released.length === before) await new Promise(resolve => setImmediate(resolve));
    },
    async release() {
      for (const release of released) release();
      await Promise.all(calls);
    },
    async [Symbol.asyncDispose]() {
      await this.release();
      channel.close();
      await served.stop();
    },
  };
}

const exhausted = (details: string) => ({ code: Status.RESOURCE_EXHAUSTED, details });

describe('limits', () => {
  it('hold for the calls of one key under way', async () => {
    await using service = await slowService({ callsPerKey: 2 });
    await service.hold('a');
    await service.hold('a');
    await expect(service.read('a')).rejects.toMatchObject(
      exhausted('2 calls with this API key are in progress: the limit of this service'),
    );
    await service.hold('b');
    await service.release();
    await service.hold('a');
  });

  it('of one key do not hold where there are no keys', async () => {
    await using raw = await rawService({ limits: { callsPerKey: 1, callsPerSecond: 1, streamsPerKey: 1 } });
    const list = () => raw.client.listMicrogridDispatches({ microgridId: 1n });
    await Promise.all(Array.from({ length: 20 }, list));
    await using one = await openStream(raw.client);
    await using other = await openStream(raw.client);
    expect([one, other]).toHaveLength(2);
  });

  it('hold for all calls under way', async () => {
    await using service = await slowService({ calls: 2 });
    await service.hold('a');
    await service.hold('b');
    await expect(service.read('a')).rejects.toMatchObject(
      exhausted('2 calls are in progress: the limit of this service'),
    );
  });

  it('leave room for writes while as many reads as may be are under way', async () => {
    await using service = await slowService({ calls: 1 });
    await service.hold('a');
    const create = () =>
      service.client.createMicrogridDispatch({ microgridId: 1n, dispatchData: dispatchData() }, as('b'));
    expect((await create()).dispatch?.metadata?.dispatchId).toBe(1n);
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, create));
    expect(outcomes.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThan(0);
    await expect(service.read('b')).rejects.toMatchObject(
      exhausted('1 calls are in progress: the limit of this service'),
    );
  });

  it('hold for the calls of one key a second', async () => {
    await using service = await slowService({ callsPerSecond: 1 });
    const list = () => service.client.listMicrogridDispatches({ microgridId: 1n }, as('a'));
    const outcomes = await Promise.allSettled(Array.from({ length: 50 }, list));
    const refused = outcomes.filter(({ status }) => status === 'rejected');
    expect(refused.length).toBeGreaterThan(0);
    expect(outcomes.length - refused.length).toBeGreaterThanOrEqual(5);
    for (const outcome of refused) {
      expect((outcome as PromiseRejectedResult).reason).toMatchObject(
        exhausted('more than 1 calls per second with this API key: the limit of this service'),
      );
    }
    await service.client.listMicrogridDispatches({ microgridId: 1n }, as('b'));
  });

  it('hold for the open streams of one key', async () => {
    await using service = await slowService({ streamsPerKey: 1 });
    const open = (name: string) => openStream(service.client, 1n, as(name).metadata);
    {
      await using first = await open('a');
      await expect(open('a')).rejects.toMatchObject(
        exhausted('1 streams with this API key are open: the limit of this service'),
      );
      await using other = await open('b');
      expect([first, other]).toHaveLength(2);
    }
    let again = await open('a').catch(() => null);
    while (!again) again = await open('a').catch(() => null);
    await again[Symbol.asyncDispose]();
  });

  it('hold for all open streams', async () => {
    await using service = await slowService({ streams: 1 });
    await using first = await openStream(service.client, 1n, as('a').metadata);
    expect(first).toBeDefined();
    await expect(openStream(service.client, 1n, as('b').metadata)).rejects.toMatchObject(
      exhausted('1 streams are open: the limit of this service'),
    );
    await service.client.listMicrogridDispatches({ microgridId: 1n }, as('b'));
  });

  it('count a cancelled call for as long as it is served', async () => {
    await using service = await slowService({ callsPerKey: 1 });
    const cancelled = new AbortController();
    await service.hold('a', cancelled.signal);
    cancelled.abort();
    // What goes over the same connection comes after the cancellation.
    await expect(service.read('a')).rejects.toMatchObject({ code: Status.RESOURCE_EXHAUSTED });
    await service.release();
    await service.hold('a');
  });

  it('count a large request once more for each 4 KiB', async () => {
    await using service = await slowService({ callsPerSecond: 1 });
    const list = (queries: string[]) =>
      service.client.listMicrogridDispatches({ microgridId: 1n, filter: { queries } }, as('a'));
    await list(['q']);
    // As long as anything is left of a burst, it may be as large as it likes.
    await list(Array(100).fill('q'.repeat(300)));
    await expect(list(['q'])).rejects.toMatchObject({ code: Status.RESOURCE_EXHAUSTED });
  });

  it('hold for the size of a request', async () => {
    await using raw = await rawService({ limits: { requestBytes: 1_000 } });
    const create = (type: string) =>
      raw.client.createMicrogridDispatch({ microgridId: 1n, dispatchData: dispatchData({ type }) });
    await expect(create('t'.repeat(2_000))).rejects.toMatchObject({
      code: Status.RESOURCE_EXHAUSTED,
      details: expect.stringContaining('1000'),
    });
    await create('t');
  });
});

describe('tokenBucket', () => {
  it('lets a burst through, and after it no more than its rate', () => {
    let nowMs = 0;
    const take = tokenBucket(10, 2, () => nowMs);
    const taken = () => Array.from({ length: 100 }, take).filter(Boolean).length;
    expect(taken()).toBe(20);
    nowMs += 500;
    expect(taken()).toBe(5);
    nowMs += 3_600_000;
    expect(taken()).toBe(20);
  });

  it('gives on credit as long as there is one', () => {
    let nowMs = 0;
    const take = tokenBucket(10, 1, () => nowMs);
    expect([take(30), take()]).toEqual([true, false]);
    nowMs += 2_000;
    expect(take()).toBe(false);
    nowMs += 100;
    expect(take()).toBe(true);
  });
});
