import { setTimeout as pause } from 'node:timers/promises';
import type { ServerOptions } from '@grpc/grpc-js';
import { createServer } from 'nice-grpc';

import { HealthDefinition } from '../../../proto/gen/grpc/health/v1/health.js';
import { ServerReflectionDefinition } from '../../../proto/gen/grpc/reflection/v1/reflection.js';
import type { Logger } from '../../logger.js';
import { DispatchError } from '../../model/dispatchError.js';
import { callLimiter, DEFAULT_LIMITS, type EffectiveLimits } from '../access/callLimits.js';
import type { AccessControl } from '../access/loadAccessControl.js';
import type { DispatchStore } from '../domain/dispatchStore.js';
import { changeFeed } from '../feed/changeFeed.js';
import { accessLog } from '../operation/accessLog.js';
import type { ServiceMetrics } from '../operation/serviceMetrics.js';
import { watchDatabase } from '../operation/watchDatabase.js';
import { authenticate } from './authenticate.js';
import { dispatchHandlers } from './dispatchHandlers.js';
import { health } from './health.js';
import { limitArrivingRequests } from './limitArrivingRequests.js';
import { reflection } from './reflection.js';
import { reportErrors } from './reportErrors.js';
import { sendWindow } from './sendWindow.js';
import { storedBytesDefinition } from './storedBytes.js';

/** How long a request may take to arrive, and how many may at a time of those who show no right key. */
const RECEIVE_TIMEOUT_MS = 10_000;
const MAX_UNKNOWN = 100;

/** How to serve a store. */
export interface ServeOptions {
  /** Host and port to listen on; port 0 takes a free one. */
  readonly listen: string;
  /** @default every caller, without TLS */
  readonly access?: Pick<AccessControl, 'keys' | 'credentials'>;
  /** @default DEFAULT_LIMITS */
  readonly limits?: EffectiveLimits;
  readonly logger: Logger;
  readonly connections?: ConnectionOptions;
  /** How long calls under way may take to end when the service stops. @default 5 s */
  readonly stopGraceMs?: number;
  /** How long the service goes on after it has said that it will stop. @default 0 */
  readonly drainMs?: number;
  readonly metrics?: ServiceMetrics | undefined;
}

/** How long connections live. */
export interface ConnectionOptions {
  /** How often peers that are silent are asked whether they are there. @default 30 s */
  readonly keepAliveMs?: number;
  /** How long they may take to answer. @default 20 s */
  readonly keepAliveTimeoutMs?: number;
  /** After how long a connection is ended, with all its streams, give or take a tenth. @default never */
  readonly maxAgeMs?: number | undefined;
}

/** How to stop. */
export interface StopOptions {
  /** Whether calls under way are cut, also when a stop waits for them already. @default false */
  readonly now?: boolean;
}

/** A store that is being served. */
export interface ServedStore {
  readonly port: number;
  /** Ends every stream with UNAVAILABLE and waits for calls under way, as long as they may take. The store stays open. */
  stop(options?: StopOptions): Promise<void>;
}

/** The full names of the services that health and reflection tell of. */
const SERVICES = [storedBytesDefinition, HealthDefinition, ServerReflectionDefinition].map(({ fullName }) => fullName);

/**
 * Serves a store over gRPC.
 *
 * @throws DispatchError UNAVAILABLE when the address cannot be listened on.
 */
export async function serveStore(store: DispatchStore, options: ServeOptions): Promise<ServedStore> {
  const { listen, access, limits = DEFAULT_LIMITS, logger, metrics, stopGraceMs = 5_000, drainMs = 0 } = options;
  const feed = metrics ? metrics.measureFeed(changeFeed(store, logger)) : changeFeed(store, logger);
  const stopping = new AbortController();
  const hurry = new AbortController();
  let stopped: Promise<void> | undefined;
  const status = health(SERVICES);
  const stopWatching = watchDatabase(store, tellHealth);
  const observers = [accessLog(logger, () => stopping.signal.aborted), ...(metrics ? [metrics.callEnded] : [])];
  const keys = access?.keys ?? null;
  const receive = limitArrivingRequests({
    timeMs: RECEIVE_TIMEOUT_MS,
    isKnown: metadata => keys === null || keys.find(String(metadata.get('key')[0] ?? '')) !== undefined,
    maxUnknown: MAX_UNKNOWN,
  });
  const server = createServer({
    ...serverOptions(options.connections ?? {}, limits, stopGraceMs),
    interceptors: [receive, sendWindow],
  })
    .use(reportErrors(logger, observers))
    .use(authenticate(keys, callLimiter(limits)));
  server.add(HealthDefinition, status.handlers);
  server.add(ServerReflectionDefinition, reflection(SERVICES, stopping.signal));
  server.add(storedBytesDefinition, dispatchHandlers(store, feed));

  function tellHealth(serving: boolean): void {
    status.setServing(serving);
    metrics?.setServing(serving);
    if (serving) logger.info({}, 'the database answers again; health is SERVING');
    else logger.error({}, 'the database has not answered for some seconds; health is NOT_SERVING');
  }

  try {
    const port = await server.listen(listen, access?.credentials);
    return { port, stop };
  } catch (error) {
    feed.stop();
    stopWatching();
    throw listenError(listen, error);
  }

  async function shutDown(): Promise<void> {
    status.drain();
    metrics?.setServing(false);
    if (drainMs > 0) await pause(drainMs, undefined, hurry).catch(() => {});
    stopping.abort(new DispatchError('UNAVAILABLE', 'the service is shutting down'));
    stopWatching();
    feed.stop();
    status.stop();
    // A stream whose peer does not read, and a call that hangs, can be ended in no other way.
    const late = setTimeout(() => {
      logger.warn({}, 'calls that did not end in time are cut');
      hurry.abort();
    }, stopGraceMs);
    const forced = new Promise<void>(resolve => {
      const force = () => {
        server.forceShutdown();
        resolve();
      };
      if (hurry.signal.aborted) force();
      else hurry.signal.addEventListener('abort', force);
    });
    // grpc-js waits for ever for a connection that comes in at this moment.
    await Promise.race([server.shutdown(), forced]);
    clearTimeout(late);
  }

  async function stop({ now = false }: StopOptions = {}): Promise<void> {
    stopped ??= shutDown();
    if (now) hurry.abort();
    await stopped;
  }
}

/** Clients may ping as often as they like, with and without calls: grpc-js counts no ping strikes. */
function serverOptions(connections: ConnectionOptions, limits: EffectiveLimits, graceMs: number): ServerOptions {
  const { keepAliveMs = 30_000, keepAliveTimeoutMs = 20_000, maxAgeMs } = connections;
  return {
    // Streams of peers that vanished end.
    'grpc.keepalive_time_ms': keepAliveMs,
    'grpc.keepalive_timeout_ms': keepAliveTimeoutMs,
    ...(maxAgeMs !== undefined && {
      'grpc.max_connection_age_ms': maxAgeMs,
      'grpc.max_connection_age_grace_ms': graceMs,
    }),
    // One connection may hold no more than this, in calls and in megabytes; a thousand streams need thirty.
    'grpc.max_concurrent_streams': 4_000,
    'grpc-node.max_session_memory': 256,
    'grpc.max_receive_message_length': limits.requestBytes,
  };
}

function listenError(listen: string, cause: unknown): DispatchError {
  const text = cause instanceof Error ? cause.message : String(cause);
  const reason = text.includes('EADDRINUSE') ? 'the address is already in use' : text;
  return new DispatchError('UNAVAILABLE', `cannot listen on ${listen}: ${reason}`, { cause });
}
