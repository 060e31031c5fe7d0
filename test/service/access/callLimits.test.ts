import { once } from 'node:events';
import { connect } from 'node:http2';
import { type Metadata as GrpcMetadata, Server, ServerCredentials } from '@grpc/grpc-js';
import { Metadata, Status } from 'nice-grpc-common';
import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS, tokenBucket } from '../../../src/service/access/callLimits.js';
import { keyRing } from '../../../src/service/access/keyRing.js';
import { type ArrivalLimits, limitArrivingRequests } from '../../../src/service/grpc/limitArrivingRequests.js';
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
  const read = (name: string) => client.getMicrogridDispatch({ microgridId: 1n, dispatchId: 1n }, as(name));
  return {
    client,
    read,
    /** Starts a read, and waits until it is under way. */
    async hold(name: string) {
      const before = released.length;
      calls.push(read(name).catch(error => error));
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

  it('hold for all calls under way', async () => {
    await using service = await slowService({ calls: 2 });
    await service.hold('a');
    await service.hold('b');
    await expect(service.read('a')).rejects.toMatchObject(
      exhausted('2 calls are in progress: the limit of this service'),
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
});

/** A server of one method that echoes, which takes its time for it, and calls of it in raw HTTP/2. */
async function echoServer(options: ArrivalLimits) {
  const server = new Server({ interceptors: [limitArrivingRequests(options)] });
  const bytes = (value: Buffer) => value;
  const method = {
    path: '/test/Echo',
    requestStream: false,
    responseStream: false,
    requestSerialize: bytes,
    requestDeserialize: bytes,
    responseSerialize: bytes,
    responseDeserialize: bytes,
  };
  const echo = (call: { request: Buffer }, answer: (error: null, value: Buffer) => void) =>
    setTimeout(() => answer(null, call.request), 2 * options.timeMs);
  server.addService({ echo: method }, { echo } as never);
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  const session = connect(`http://127.0.0.1:${port}`);
  return {
    /** The status of a call, which sends its whole request or none of it. */
    async call(sends: 'request' | 'nothing', key = 'right'): Promise<unknown> {
      const headers = { ':method': 'POST', ':path': '/test/Echo', 'content-type': 'application/grpc', te: 'trailers' };
      const stream = session.request({ ...headers, key });
      if (sends === 'request') stream.end(Buffer.from([0, 0, 0, 0, 1, 7]));
      let status: unknown;
      stream.on('response', response => {
        status = response['grpc-status'];
      });
      stream.on('trailers', trailers => {
        status = trailers['grpc-status'];
      });
      stream.resume();
      await once(stream, 'end');
      stream.close();
      return status;
    },
    [Symbol.dispose]() {
      session.close();
      server.forceShutdown();
    },
  };
}

describe('limitArrivingRequests', () => {
  const isKnown = (metadata: GrpcMetadata) => metadata.get('key')[0] === 'right';

  it('ends a call whose request does not arrive, and no other', async () => {
    using server = await echoServer({ timeMs: 50, isKnown, maxUnknown: 1 });
    expect(await Promise.all([server.call('nothing'), server.call('request')])).toEqual(['4', '0']);
  });

  it('refuses requests of unknown senders when too many are arriving, and none that are known', async () => {
    using server = await echoServer({ timeMs: 100, isKnown, maxUnknown: 2 });
    const arriving = [server.call('nothing', 'wrong'), server.call('nothing', 'wrong')];
    const refused = [server.call('request', 'wrong'), server.call('nothing', 'wrong')];
    expect(await Promise.all([...refused, server.call('request')])).toEqual(['8', '8', '0']);
    expect(await Promise.all(arriving)).toEqual(['4', '4']);
    for (let count = 0; count < 3; count += 1) expect(await server.call('request', 'wrong')).toBe('0');
  });
});
