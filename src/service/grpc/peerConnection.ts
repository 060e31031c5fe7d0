import { constants, type Http2Session } from 'node:http2';

import { tokenBucket } from '../access/tokenBucket.js';
import { type ConnectionAge, endAtAge } from './connectionAge.js';

/** Maximum number of calls at the same time on a connection of which no call was let in yet; others wait until these are judged. */
export const MAX_CALLS_OF_STRANGERS = 100;
/** Maximum number of calls at the same time on any other connection. */
const MAX_CALLS = 4_000;
/** Calls of a connection that its peer may reset before they are served, per second. */
const RESETS_PER_SECOND = 20;
const RESET_BURST_S = 5;

/** A connection, and whether its peer behaves. */
export interface PeerConnection {
  /** Notes a call; false when its peer makes more than it was allowed, and the connection was ended. */
  callBegun(): boolean;
  /** A call was let in: from now on the peer may have more at the same time. */
  trust(): void;
  /** Ends the connection, unless a call on it was let in; returns whether it did. */
  endStranger(): boolean;
  /**
   * Notes a stream, which ends when the connection has reached its age.
   *
   * @returns a function to call when it has ended.
   */
  streamBegun(end: () => void): () => void;
  /** The peer has reset a call before it was served. When it does so again and again, the connection is ended. */
  callReset(): void;
}

const connections = new WeakMap<Http2Session, PeerConnection>();

/**
 * Returns what is known of a connection.
 *
 * @param age - when it is ended; null: never.
 */
export function peerConnection(session: Http2Session, age: ConnectionAge | null): PeerConnection {
  const found = connections.get(session);
  if (found) return found;
  const made = newConnection(session, age);
  connections.set(session, made);
  return made;
}

function newConnection(session: Http2Session, age: ConnectionAge | null): PeerConnection {
  const takeReset = tokenBucket(RESETS_PER_SECOND, RESET_BURST_S);
  let isTrusted = false;
  let isEnding = false;
  /** Calls in this turn of the event loop, in which none of them can have ended but by a reset. */
  let callsInTurn = 0;
  const streams = new Set<() => void>();
  if (age !== null) {
    endAtAge(session, age, () => {
      for (const end of streams) end();
    });
  }

  function end(): void {
    if (isEnding) return;
    isEnding = true;
    // Not at once: Node 20 aborts the process when a session is destroyed while it reads frames.
    setImmediate(() => session.destroy(undefined, constants.NGHTTP2_ENHANCE_YOUR_CALM));
  }

  return {
    callBegun() {
      if (isEnding) return false;
      if (isTrusted) return true;
      if (callsInTurn === 0) {
        setImmediate(() => {
          callsInTurn = 0;
        });
      }
      callsInTurn += 1;
      if (callsInTurn <= MAX_CALLS_OF_STRANGERS) return true;
      end();
      return false;
    },
    trust() {
      if (isTrusted || isEnding || session.destroyed) return;
      isTrusted = true;
      session.settings({ maxConcurrentStreams: MAX_CALLS });
    },
    endStranger() {
      if (isTrusted) return false;
      end();
      return true;
    },
    streamBegun(end) {
      streams.add(end);
      return () => streams.delete(end);
    },
    callReset() {
      if (!takeReset()) end();
    },
  };
}
