import { constants, type Http2Session } from 'node:http2';

/** When connections are ended. */
export interface ConnectionAge {
  /** Give or take a tenth, so that connections that were opened together do not end together. */
  readonly maxMs: number;
  /** Time that calls have to end then. */
  readonly graceMs: number;
}

/** The age at which one connection is ended, in milliseconds. */
export function spreadAge({ maxMs }: ConnectionAge): number {
  return maxMs * (0.9 + Math.random() * 0.2);
}

/**
 * Ends a connection at its age so that no call fails (RFC 9113, 6.8). Its peer is told to make no more calls on it, and which the last
 * one was that is served: it makes those after that again on another connection. The connection stays open until the peer knows;
 * grpc-js itself does not say which the last one was, so that calls on their way are lost.
 *
 * @param endStreams - ends its streams, which would go on for as long as their peers want.
 */
export function endAtAge(session: Http2Session, age: ConnectionAge, endStreams: () => void): void {
  let timer = setTimeout(tell, spreadAge(age)).unref();
  session.once('close', () => clearTimeout(timer));

  function tell(): void {
    if (session.destroyed) return;
    timer = setTimeout(() => session.destroy(), age.graceMs).unref();
    session.goaway(constants.NGHTTP2_NO_ERROR);
    // Once it answers it has read that.
    session.ping(error => {
      if (error || session.destroyed) return;
      endStreams();
      session.close();
    });
  }
}
