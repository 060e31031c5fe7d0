import { once } from 'node:events';
import { connect } from 'node:http2';
import type { Duplex } from 'node:stream';
import { promisify } from 'node:util';
import zlib, { gzipSync } from 'node:zlib';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { Status } from 'nice-grpc-common';
import { describe, expect, it, vi } from 'vitest';
import { CreateMicrogridDispatchRequest } from '../../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { callGate } from '../../../src/service/access/callGate.js';
import { DEFAULT_LIMITS } from '../../../src/service/access/callLimits.js';
import { keyRing } from '../../../src/service/access/keyRing.js';
import { judgeHeaders } from '../../../src/service/grpc/judgeHeaders.js';
import type { EndedCall } from '../../../src/service/operation/endedCall.js';
import { grpcFrame, http2Calls } from '../../support/http2Calls.js';
import { dispatchData } from '../../support/rawService.js';
import { servedStore, withKey } from '../../support/servedStore.js';

const CREATE = '/frequenz.api.dispatch.v1.MicrogridDispatchService/CreateMicrogridDispatch';
const GET = '/frequenz.api.dispatch.v1.MicrogridDispatchService/GetMicrogridDispatch';

/** A creation for many components. */
const creationFor = (components: number) =>
  CreateMicrogridDispatchRequest.encode(
    CreateMicrogridDispatchRequest.fromPartial({
      microgridId: 1n,
      startImmediately: true,
      dispatchData: {
        ...dispatchData(),
        target: { components: { $case: 'componentIds', value: { ids: Array(components).fill(1n) } } },
      },
    }),
  ).finish();

describe('a call that its headers refuse', () => {
  it('ends at once, also when its request never comes, and nothing is kept of it', async () => {
    await using served = await servedStore(undefined, { access: withKey('right') });
    using calls = http2Calls(served);
    const refused = { status: Status.UNAUTHENTICATED, message: 'the API key is not accepted', rstCode: 0 };
    const headers = { key: 'wrong' };
    const body = grpcFrame(creationFor(1));
    expect(
      await Promise.all([
        calls.call({ path: CREATE, headers }),
        calls.call({ path: CREATE, headers, body: body.subarray(0, 1), ends: false }),
        calls.call({ path: CREATE, headers, body }),
      ]),
    ).toEqual([refused, refused, refused]);
  });

  it('inflates and decodes nothing', async () => {
    await using served = await servedStore(undefined, { access: withKey('right') });
    using calls = http2Calls(served);
    const gunzip = vi.spyOn(zlib, 'createGunzip');
    const decode = vi.spyOn(CreateMicrogridDispatchRequest, 'decode');
    const call = (key: string) =>
      calls.call({
        path: CREATE,
        headers: { key, 'grpc-encoding': 'gzip' },
        body: grpcFrame(gzipSync(creationFor(1)), true),
      });
    expect((await call('wrong')).status).toBe(Status.UNAUTHENTICATED);
    expect([gunzip.mock.calls, decode.mock.calls]).toEqual([[], []]);
    expect((await call('right')).status).toBe(Status.OK);
    expect([gunzip.mock.calls.length, decode.mock.calls.length]).toEqual([1, 1]);
    vi.restoreAllMocks();
  });

  it('keeps no other caller out, however many there are', async () => {
    await using served = await servedStore(undefined, { access: withKey('right') });
    using strangers = http2Calls(served);
    const slow = Array.from({ length: 300 }, () => strangers.call({ path: GET, body: Buffer.of(0), ends: false }));
    await served.health.check({});
    expect(new Set((await Promise.all(slow)).map(({ status }) => status))).toEqual(new Set([Status.UNAUTHENTICATED]));
  });
});

describe('a request that is let in', () => {
  it('is refused above 128 KiB, as it is sent and inflated, and inflated no further', async () => {
    await using served = await servedStore();
    using calls = http2Calls(served);
    const tooLong = creationFor(140_000);
    const bomb = gzipSync(Buffer.alloc(50_000_000));
    let inflated = 0;
    const createGunzip = zlib.createGunzip;
    vi.spyOn(zlib, 'createGunzip').mockImplementation(options => {
      const gunzip = createGunzip(options);
      gunzip.on('data', (chunk: Buffer) => {
        inflated += chunk.length;
      });
      return gunzip;
    });
    const headers = { 'grpc-encoding': 'gzip' };
    const refused = { status: Status.RESOURCE_EXHAUSTED, message: expect.stringContaining('131072') };
    expect(await calls.call({ path: CREATE, body: grpcFrame(tooLong) })).toMatchObject(refused);
    expect(await calls.call({ path: CREATE, headers, body: grpcFrame(gzipSync(tooLong), true) })).toMatchObject(
      refused,
    );
    inflated = 0;
    expect(await calls.call({ path: CREATE, headers, body: grpcFrame(bomb, true) })).toMatchObject(refused);
    expect(inflated).toBeLessThan(200_000);
    vi.restoreAllMocks();
  });

  it('is decoded once, whatever is sent behind it', async () => {
    await using served = await servedStore();
    using calls = http2Calls(served);
    const decode = vi.spyOn(CreateMicrogridDispatchRequest, 'decode');
    const frame = grpcFrame(creationFor(1));
    const { status } = await calls.call({ path: CREATE, body: Buffer.concat(Array(50).fill(frame)) });
    expect({ status, decoded: decode.mock.calls.length }).toEqual({ status: Status.UNIMPLEMENTED, decoded: 0 });
    vi.restoreAllMocks();
  });
});

describe('a request that does not arrive', () => {
  /** A server of one method that echoes, and judges as it is told. */
  async function echoServer(requestStream: boolean) {
    const ended: EndedCall[] = [];
    const gate = callGate(null, DEFAULT_LIMITS);
    const judge = judgeHeaders({
      connectionAge: null,
      gate,
      receiveTimeoutMs: 50,
      onCurbed: () => {},
      observers: [call => ended.push(call)],
    });
    const server = new Server({ interceptors: [judge] });
    const bytes = (value: Buffer) => value;
    const method = {
      path: '/test/Echo',
      requestStream,
      responseStream: requestStream,
      requestSerialize: bytes,
      requestDeserialize: bytes,
      responseSerialize: bytes,
      responseDeserialize: bytes,
    };
    const unary = (call: { request: Buffer }, answer: (error: null, value: Buffer) => void) =>
      setTimeout(() => answer(null, call.request), 100);
    const echo = requestStream ? (call: Duplex) => call.pipe(call) : unary;
    server.addService({ echo: method }, { echo } as never);
    const port = await promisify(server.bindAsync.bind(server))('127.0.0.1:0', ServerCredentials.createInsecure());
    const calls = http2Calls({ port });
    return {
      ended,
      port,
      call: (body?: Uint8Array, ends?: boolean) =>
        calls.call({ path: '/test/Echo', ...(body && { body }), ...(ends !== undefined && { ends }) }),
      [Symbol.dispose]() {
        calls[Symbol.dispose]();
        server.forceShutdown();
      },
    };
  }

  it('ends its call and no other, and is reported', async () => {
    using server = await echoServer(false);
    const frame = grpcFrame(Buffer.of(7));
    const [never, half, whole] = await Promise.all([
      server.call(),
      server.call(frame.subarray(0, 3), false),
      server.call(frame),
    ]);
    expect([never, half, whole].map(({ status }) => status)).toEqual([4, 4, 0]);
    // Here nothing says that it serves.
    expect(server.ended).toMatchObject([
      { method: 'Echo', status: Status.DEADLINE_EXCEEDED, reason: 'the request did not arrive within 0.05 s' },
      { method: 'Echo', status: Status.DEADLINE_EXCEEDED },
      { method: 'Echo', status: Status.OK },
    ]);
  });

  it('may be one of a stream of requests, for which any time may pass', async () => {
    using server = await echoServer(true);
    using other = await echoServer(false);
    const session = connect(`http://127.0.0.1:${server.port}`);
    const stream = session.request({
      ':method': 'POST',
      ':path': '/test/Echo',
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    const frame = grpcFrame(Buffer.of(7));
    for (let count = 0; count < 3; count += 1) {
      // A call that waits for as long as it may: time has passed.
      expect((await other.call()).status).toBe(Status.DEADLINE_EXCEEDED);
      stream.write(frame);
      expect((await once(stream, 'data'))[0]).toEqual(frame);
    }
    session.destroy();
  });
});

it('the key of a call belongs to nobody who sends two', async () => {
  const keys = keyRing([{ name: 'a', key: 'a', secret: undefined, microgrids: 'all' }]);
  const { credentials } = withKey('unused');
  await using served = await servedStore(undefined, { access: { keys, credentials } });
  using calls = http2Calls(served);
  const { status } = await calls.call({ path: GET, headers: { key: ['a', 'b'] }, body: grpcFrame(new Uint8Array()) });
  expect(status).toBe(Status.UNAUTHENTICATED);
});
