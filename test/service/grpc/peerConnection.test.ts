import { once } from 'node:events';
import { connect, constants } from 'node:http2';
import { createConnection } from 'node:net';
import { describe, expect, it } from 'vitest';
import { END_HEADERS, FRAME, frame, headerBlock, PREFACE, settings, uint32 } from '../../faults/malformed/frames.js';
import { servedStore, withKey } from '../../support/servedStore.js';

const REQUEST = {
  ':method': 'POST',
  ':path': '/frequenz.api.dispatch.v1.MicrogridDispatchService/ListMicrogridDispatches',
  'content-type': 'application/grpc',
  te: 'trailers',
};

async function connected(port: number) {
  const session = connect(`http://127.0.0.1:${port}`);
  const errors: unknown[] = [];
  session.on('error', error => errors.push(error));
  await once(session, 'remoteSettings');
  return { session, errors, [Symbol.dispose]: () => session.destroy() };
}

/** Makes calls and resets them, all at once, on a connection that the service ends. */
async function resetCalls(port: number, key: string, calls: number): Promise<void> {
  const socket = createConnection(port, '127.0.0.1');
  socket.resume();
  // What is sent after the end is not read.
  socket.on('error', () => {});
  const closed = new Promise(resolve => socket.once('close', resolve));
  const headers = headerBlock({ ':scheme': 'http', ':authority': 'localhost', ...REQUEST, key });
  const frames = Array.from({ length: calls }, (_, index) => [
    frame(FRAME.headers, END_HEADERS, 2 * index + 1, headers),
    frame(FRAME.reset, 0, 2 * index + 1, uint32(constants.NGHTTP2_CANCEL)),
  ]);
  socket.write(Buffer.concat([PREFACE, settings(), ...frames.flat()]));
  await closed;
}

describe('a connection', () => {
  it('may have a hundred calls at the same time, and more once one was let in', async () => {
    await using served = await servedStore(undefined, { access: withKey('right') });
    using peer = await connected(served.port);
    const { session } = peer;
    expect(session.remoteSettings.maxConcurrentStreams).toBe(100);
    const call = (key: string) => {
      const stream = session.request({ ...REQUEST, key });
      stream.on('error', () => {});
      stream.resume();
      return stream.end(Buffer.alloc(5));
    };
    await once(call('wrong'), 'close');
    expect(session.remoteSettings.maxConcurrentStreams).toBe(100);
    call('right');
    await once(session, 'remoteSettings');
    expect(session.remoteSettings.maxConcurrentStreams).toBe(4_000);
  });

  it('is ended when its peer makes more calls at once than a stranger may, which costs the service nothing else', async () => {
    await using served = await servedStore(undefined, { access: withKey('right') });
    for (let count = 0; count < 20; count += 1) await resetCalls(served.port, 'wrong', 900);
    await served.health.check({});
  });

  it('is ended when its peer cancels calls again and again, whatever it reads at that moment', async () => {
    // Node 20 aborts when a connection is ended in the midst of what it reads.
    await using served = await servedStore(undefined, { access: withKey('right') });
    for (let count = 0; count < 20; count += 1) {
      using peer = await connected(served.port);
      const { session } = peer;
      const cancelled = Array.from({ length: 25 }, async () => {
        for (let made = 0; made < 40 && !session.destroyed && !session.closed; made += 1) {
          const stream = session.request({ ...REQUEST, key: made % 2 === 0 ? 'right' : 'wrong' });
          stream.on('error', () => {});
          stream.resume();
          await new Promise(resolve => setImmediate(resolve));
          stream.close(constants.NGHTTP2_CANCEL);
          if (!stream.destroyed) await new Promise(resolve => stream.once('close', resolve));
        }
      });
      await Promise.all(cancelled);
    }
    await served.health.check({});
  });

  it('is ended when its peer makes calls and resets them at once; others go on', async () => {
    await using served = await servedStore(undefined, { access: withKey('right') });
    using other = await connected(served.port);
    await resetCalls(served.port, 'right', 300);
    await served.health.check({});
    const stream = other.session.request({ ...REQUEST, key: 'right' });
    stream.end(Buffer.alloc(5));
    const [response] = await once(stream, 'response');
    expect(response[':status']).toBe(200);
    stream.close();
  });
});
