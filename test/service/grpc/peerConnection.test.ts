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

  it('is ended when its peer makes calls and resets them at once; others go on', async () => {
    await using served = await servedStore(undefined, { access: withKey('right') });
    using other = await connected(served.port);
    const socket = createConnection(served.port, '127.0.0.1');
    socket.resume();
    const closed = once(socket, 'close');
    const headers = headerBlock({ ':scheme': 'http', ':authority': 'localhost', ...REQUEST, key: 'right' });
    socket.write(Buffer.concat([PREFACE, settings()]));
    for (let id = 1; id < 300; id += 2) {
      socket.write(frame(FRAME.headers, END_HEADERS, id, headers));
      socket.write(frame(FRAME.reset, 0, id, uint32(constants.NGHTTP2_CANCEL)));
    }
    await closed;
    await served.health.check({});
    const stream = other.session.request({ ...REQUEST, key: 'right' });
    stream.end(Buffer.alloc(5));
    const [response] = await once(stream, 'response');
    expect(response[':status']).toBe(200);
    stream.close();
  });
});
