import type { ServerHttp2Session } from 'node:http2';

import type { ConnectionOptions } from '../grpc/grpcServer.js';

/** Pings the peer of a connection, and ends the connection when the peer has vanished, or makes no call for `idleMs`. */
export function keepAlive(
  session: ServerHttp2Session,
  { keepAliveMs = 30_000, keepAliveTimeoutMs = 20_000 }: ConnectionOptions,
  idleMs: number,
): void {
  let openStreams = 0;
  let idleSinceMs = performance.now();
  let late: NodeJS.Timeout | undefined;
  session.on('stream', stream => {
    openStreams += 1;
    stream.once('close', () => {
      openStreams -= 1;
      idleSinceMs = performance.now();
    });
  });

  function check(): void {
    if (session.destroyed || session.closed) return;
    if (openStreams === 0 && performance.now() - idleSinceMs >= idleMs) {
      session.close();
      return;
    }
    late ??= setTimeout(() => session.destroy(), keepAliveTimeoutMs).unref();
    session.ping(error => {
      if (error) return;
      clearTimeout(late);
      late = undefined;
    });
  }

  const timer = setInterval(check, keepAliveMs).unref();
  session.once('close', () => {
    clearInterval(timer);
    clearTimeout(late);
  });
}
