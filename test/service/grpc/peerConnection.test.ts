import { once } from 'node:events';
import { type ClientHttp2Session, connect, constants } from 'node:http2';
import { createConnection } from 'node:net';
import { describe, expect, it } from 'vitest';
import { serviceMetrics } from '../../../src/service/operation/serviceMetrics.js';
import { END_HEADERS, FRAME, frame, headerBlock, PREFACE, settings, uint32 } from '../../faults/malformed/frames.js';
import { servedStore, withKey } from '../../support/servedStore.js';

const REQUEST = {
  ':method': 'POST',
  ':path': '/frequenz.api.dispatch.v1.MicrogridDispatchService/ListMicrogridDispatches',
  'content-type': 'application/grpc',
  te: 'trailers',
};

/** A service with a key, and the calls that it has judged. */
async function judgingService() {
  let judged = 0;
  const callEnded = () => {
    judged += 1;
  };
  const metrics = { ...serviceMetrics(), callEnded };
  const curbed = async () => /^dispatch_connections_curbed_total (\d+)$/m.exec(await metrics.text())?.[1];
  const served = await servedStore(undefined, { access: withKey('right'), metrics });
  return { ...served, judged: () => judged, curbed };
}

async function connected(port: number) {
  const session = connect(`http://127.0.0.1:${port}`);
  await once(session, 'remoteSettings');
  return { session, [Symbol.dispose]: () => session.destroy() };
}

/** A call whose request does not end. */
function open(session: ClientHttp2Session, key: string) {
  const stream = session.request({ ...REQUEST, key });
  stream.on('error', () => {});
  return stream.resume();
}

const maxCalls = (session: ClientHttp2Session) => session.remoteSettings.maxConcurrentStreams;

/** A connection whose peer makes calls and resets them, all at once. */
function resettingPeer(port: number, key: string) {
  const socket = createConnection(port, '127.0.0.1');
  socket.resume();
  socket.on('error', () => {});
  socket.write(Buffer.concat([PREFACE, settings()]));
  const headers = headerBlock({ ':scheme': 'http', ':authority': 'localhost', ...REQUEST, key });
  let nextId = 1;
  return {
    reset(calls: number) {
      for (let call = 0; call < calls; call += 1) {
        socket.write(frame(FRAME.headers, END_HEADERS, nextId, headers));
        socket.write(frame(FRAME.reset, 0, nextId, uint32(constants.NGHTTP2_CANCEL)));
        nextId += 2;
      }
    },
    isClosed: () => socket.readableEnded || socket.destroyed,
    [Symbol.dispose]: () => void socket.destroy(),
  };
}

describe('a connection', () => {
  it('may have a hundred calls at the same time, and more the more were let in', async () => {
    await using served = await judgingService();
    using peer = await connected(served.port);
    const { session } = peer;
    expect(maxCalls(session)).toBe(100);
    await once(open(session, 'wrong'), 'close');
    expect(maxCalls(session)).toBe(100);
    open(session, 'right');
    await once(session, 'remoteSettings');
    expect(maxCalls(session)).toBe(251);
    for (let calls = 0; calls < 200; calls += 1) open(session, 'right');
    await once(session, 'remoteSettings');
    expect(maxCalls(session)).toBeGreaterThan(350);
  });

  it.each(['right', 'wrong'])(
    'takes no more calls of who makes many at once and resets them, with a %s key; others go on',
    async key => {
      await using served = await judgingService();
      using other = await connected(served.port);
      const peers = Array.from({ length: 10 }, () => resettingPeer(served.port, key));
      for (const peer of peers) peer.reset(900);
      await expect.poll(served.judged).toBe(10 * 100);
      await served.health.check({});
      const [response] = await once(open(other.session, 'right').end(Buffer.alloc(5)), 'response');
      expect(response[':status']).toBe(200);
      expect(served.judged()).toBeLessThan(10 * 100 + 3);
      expect(await served.curbed()).toBe('10');
      for (const peer of peers) peer[Symbol.dispose]();
    },
  );

  it('is ended when its peer goes on, and confirms no limit', async () => {
    await using served = await judgingService();
    using peer = resettingPeer(served.port, 'right');
    const resetting = () => {
      peer.reset(12);
      return peer.isClosed();
    };
    await expect.poll(resetting, { interval: 100, timeout: 10_000 }).toBe(true);
    await served.health.check({});
  });

  it('takes calls again a second after its peer has reset too many', async () => {
    await using served = await judgingService();
    using peer = resettingPeer(served.port, 'right');
    peer.reset(150);
    await expect.poll(served.judged).toBe(100);
    const tries = () => {
      peer.reset(1);
      return served.judged();
    };
    await expect.poll(tries, { interval: 100, timeout: 5_000 }).toBeGreaterThan(100);
  });
});
