import { constants, type Http2Session } from 'node:http2';

import { tokenBucket } from '../access/tokenBucket.js';
import { type ConnectionAge, endAtAge } from './connectionAge.js';

/** Maximum number of calls at the same time on a connection of which no call was let in yet; others wait until these are judged. */
export const MAX_CALLS_OF_STRANGERS = 100;
/** Maximum number of calls at the same time on any other connection. */
const MAX_CALLS = 4_000;
/** So many more than are let in may come at once, so that the calls of no connection hold up those of others. */
const MAX_NEW_CALLS = 250;
/** Calls of a connection that its peer may reset before they are served, per second. */
const RESETS_PER_SECOND = 20;
const RESET_BURST_S = 5;
/** How long a connection takes no calls whose peer exceeds this. */
const PAUSE_MS = 1_000;

/** Number of changes of its limit that a peer may leave unconfirmed; Node ends the connection of more than ten settings. */
const MAX_UNCONFIRMED = 4;

/** What connections have in common. */
export interface PeerConnectionOptions {
  /** When they are ended; null: never. */
  readonly connectionAge: ConnectionAge | null;
  /** A connection takes no calls for a while, or is ended, because its peer makes or resets too many. Gets its address and port. */
  readonly onCurbed: (peer: string) => void;
}

/** A connection, and whether its peer behaves. */
export interface PeerConnection {
  /** Notes a call. When its peer makes more at once than it was allowed, the connection is paused. */
  callBegun(): void;
  /**
   * A call was let in: from now on the peer may have more at the same time.
   *
   * @returns a function to call when it has ended.
   */
  callLetIn(): () => void;
  /** Ends the connection, unless a call on it was let in; returns whether it did. */
  endStranger(): boolean;
  /**
   * Notes a stream, which ends when the connection has reached its age.
   *
   * @returns a function to call when it has ended.
   */
  streamBegun(end: () => void): () => void;
  /** The peer has reset a call before it was served. When it does so again and again, the connection is paused. */
  callReset(): void;
}

const connections = new WeakMap<Http2Session, PeerConnection>();

/** Returns what is known of a connection. */
export function peerConnection(session: Http2Session, options: PeerConnectionOptions): PeerConnection {
  const found = connections.get(session);
  if (found) return found;
  const made = newConnection(session, options);
  connections.set(session, made);
  return made;
}

function newConnection(session: Http2Session, { connectionAge: age, onCurbed }: PeerConnectionOptions): PeerConnection {
  const takeReset = tokenBucket(RESETS_PER_SECOND, RESET_BURST_S);
  let maxCalls = MAX_CALLS_OF_STRANGERS;
  let isTrusted = false;
  let isPaused = false;
  let isEnding = false;
  let isGrowing = false;
  /** Calls that were let in and have not ended. */
  let openCalls = 0;
  let unconfirmed = 0;
  /** Calls in this turn of the event loop, in which none of them can have ended but by a reset. */
  let callsInTurn = 0;
  const streams = new Set<() => void>();
  if (age !== null) {
    endAtAge(session, age, () => {
      for (const end of streams) end();
    });
  }

  function curb(): void {
    // A session that is closed has no socket.
    const { remoteAddress, remotePort } = session.socket ?? {};
    onCurbed(`${remoteAddress}:${remotePort}`);
  }

  function end(): void {
    if (isEnding) return;
    isEnding = true;
    curb();
    // Not at once: Node 20 aborts the process when a session is destroyed while it reads frames.
    setImmediate(() => session.destroy(undefined, constants.NGHTTP2_ENHANCE_YOUR_CALM));
  }

  function allow(calls: number): void {
    if (isEnding || session.destroyed || session.closed) return;
    if (unconfirmed === MAX_UNCONFIRMED) {
      end();
      return;
    }
    unconfirmed += 1;
    session.settings({ maxConcurrentStreams: calls }, () => {
      unconfirmed -= 1;
    });
  }

  /**
   * The HTTP/2 library refuses all calls that come, also those of what it is just reading, and tells nobody: that costs next to nothing. Ending
   * the connection would cost more, because whoever does this opens another one.
   */
  function pause(): void {
    if (isPaused) return;
    isPaused = true;
    curb();
    allow(0);
    setTimeout(() => {
      isPaused = false;
      allow(maxCalls);
    }, PAUSE_MS).unref();
  }

  function grow(): void {
    isGrowing = false;
    maxCalls = Math.min(MAX_CALLS, Math.max(maxCalls, openCalls + MAX_NEW_CALLS));
    if (!isPaused) allow(maxCalls);
  }

  return {
    callBegun() {
      if (callsInTurn === 0) {
        setImmediate(() => {
          callsInTurn = 0;
        });
      }
      callsInTurn += 1;
      if (callsInTurn >= maxCalls) pause();
    },
    callLetIn() {
      isTrusted = true;
      openCalls += 1;
      if (!isGrowing && maxCalls < MAX_CALLS && maxCalls < openCalls + MAX_NEW_CALLS / 2) {
        isGrowing = true;
        setImmediate(grow);
      }
      return () => {
        openCalls -= 1;
      };
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
      if (!takeReset()) pause();
    },
  };
}
