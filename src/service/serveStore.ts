import type { ServerOptions } from '@grpc/grpc-js';
import { createServer } from 'nice-grpc';
import type { Logger } from '../logger.js';
import { DispatchError } from '../model/dispatchError.js';
import { callLimiter, DEFAULT_LIMITS, type HeldLimits } from './access/callLimits.js';
import type { Access } from './access/openAccess.js';
import { receiveRequests } from './access/receiveRequests.js';
import { authenticate } from './authenticate.js';
import { changeFeed } from './changeFeed.js';
import { dispatchHandlers } from './dispatchHandlers.js';
import type { DispatchStore } from './dispatchStore.js';
import { reportErrors } from './reportErrors.js';
import { sendAhead } from './sendAhead.js';
import { storedBytesDefinition } from './storedBytes.js';

/** How long calls under way may take to end when the service stops. */
const STOP_GRACE_MS = 2_000;
/** How long a request may take to arrive, and how many may at a time of those who show no right key. */
const RECEIVE_TIMEOUT_MS = 10_000;
const MAX_UNKNOWN = 100;

/**
 * Clients may ping as often as every ten seconds, with and without calls: grpc-js counts no ping strikes. The service
 * pings too, so that streams of peers that vanished end.
 */
const SERVER_OPTIONS: ServerOptions = {
  'grpc.keepalive_time_ms': 30_000,
  'grpc.keepalive_timeout_ms': 20_000,
  // One connection may hold no more than this, in calls and in megabytes; a thousand streams need thirty.
  'grpc.max_concurrent_streams': 4_000,
  'grpc-node.max_session_memory': 256,
};

/** How to serve a store. */
export interface ServeOptions {
  /** Host and port to listen on; port 0 takes a free one. */
  readonly listen: string;
  /** @default every caller, without TLS */
  readonly access?: Pick<Access, 'keys' | 'credentials'>;
  /** @default DEFAULT_LIMITS */
  readonly limits?: HeldLimits;
  readonly logger: Logger;
}

/** A store that is being served. */
export interface ServedStore {
  readonly port: number;
  /** Ends every stream with UNAVAILABLE and waits for calls under way. The store stays open. */
  stop(): Promise<void>;
}

/**
 * Serves a store over gRPC.
 *
 * @throws DispatchError UNAVAILABLE when the address cannot be listened on.
 */
export async function serveStore(store: DispatchStore, options: ServeOptions): Promise<ServedStore> {
  const { listen, access, limits = DEFAULT_LIMITS, logger } = options;
  const feed = changeFeed(store, logger);
  const keys = access?.keys ?? null;
  const receive = receiveRequests({
    timeMs: RECEIVE_TIMEOUT_MS,
    isKnown: metadata => keys === null || keys.find(String(metadata.get('key')[0] ?? '')) !== undefined,
    maxUnknown: MAX_UNKNOWN,
  });
  const server = createServer({
    ...SERVER_OPTIONS,
    'grpc.max_receive_message_length': limits.requestBytes,
    interceptors: [receive, sendAhead],
  })
    .use(reportErrors(logger))
    .use(authenticate(keys, callLimiter(limits)));
  server.add(storedBytesDefinition, dispatchHandlers(store, feed));
  try {
    const port = await server.listen(listen, access?.credentials);
    return { port, stop };
  } catch (error) {
    feed.stop();
    throw listenError(listen, error);
  }

  async function stop(): Promise<void> {
    feed.stop();
    // A stream whose peer does not read can be ended in no other way.
    const force = setTimeout(() => server.forceShutdown(), STOP_GRACE_MS);
    await server.shutdown();
    clearTimeout(force);
  }
}

function listenError(listen: string, cause: unknown): DispatchError {
  const text = cause instanceof Error ? cause.message : String(cause);
  const reason = text.includes('EADDRINUSE') ? 'the address is already in use' : text;
  return new DispatchError('UNAVAILABLE', `cannot listen on ${listen}: ${reason}`, { cause });
}
