import { setTimeout as pause } from 'node:timers/promises';

import type { Logger } from '../logger.js';
import { DispatchError } from '../model/dispatchError.js';
import type { TraceCall } from '../telemetry/serverTrace.js';
import { callGate } from './access/callGate.js';
import type { EffectiveLimits } from './access/callLimits.js';
import type { AccessControl } from './access/loadAccessControl.js';
import { readShares } from './access/readShares.js';
import type { DispatchStore } from './domain/dispatchStore.js';
import type { ServiceObserver } from './domain/serviceObserver.js';
import { changeFeed } from './feed/changeFeed.js';
import type { CallServing } from './grpc/callInService.js';
import { type ConnectionOptions, type GrpcServer, grpcServer, SERVICE_NAMES } from './grpc/grpcServer.js';
import { health } from './grpc/health.js';
import { servedServices } from './grpc/servedServices.js';
import { accessLog } from './operation/accessLog.js';
import { pruneRegularly, type Retention } from './operation/pruneRegularly.js';
import { resourceStack } from './operation/resourceStack.js';
import type { ServiceMetrics } from './operation/serviceMetrics.js';
import { watchDatabase } from './operation/watchDatabase.js';
import type { StopOptions } from './stopOptions.js';
import type { WebServer, WebServerOptions } from './web/webServer.js';

/** What a service is made of, in the order in which it is opened. */
export interface ServiceParts {
  openAccess(): Promise<AccessControl>;
  /** Absent: without metrics. */
  openMetrics?: (() => Promise<OpenMetrics>) | undefined;
  openStore(observer: ServiceObserver | undefined): Promise<DispatchStore>;
  /** `HOST:PORT`. */
  readonly listen: string;
  /** Absent: not over HTTP. */
  openWeb?: ((parts: WebParts) => Promise<WebServer>) | undefined;
  readonly retention: Retention;
  readonly limits: EffectiveLimits;
  readonly connections: ConnectionOptions;
  readonly stopGraceMs: number;
  readonly drainMs: number;
  /** Begins to trace a call. */
  readonly trace?: TraceCall | undefined;
  readonly logger: Logger;
  /** Gives up the start when it aborts. */
  readonly signal?: AbortSignal | undefined;
}

/** Metrics with the server at which they can be read, if there is one. */
export interface OpenMetrics {
  readonly metrics: ServiceMetrics;
  readonly url?: string;
  close(): Promise<void>;
}

/** What a server over HTTP shares with the one over gRPC. */
type WebParts = Omit<WebServerOptions, 'place' | 'origins' | 'files' | 'posts'>;

/** A service that runs. */
export interface RunningService {
  readonly port: number;
  readonly access: AccessControl;
  readonly store: DispatchStore;
  readonly metricsUrl: string | undefined;
  readonly webUrl: string | undefined;
  /**
   * Closes what the start has opened, in reverse order, each part even if others fail. Stopping twice is stopping once.
   *
   * @throws DispatchError UNKNOWN that names what could not be closed.
   */
  stop(options?: StopOptions): Promise<void>;
}

/**
 * Opens the parts of a service one after the other, and serves. When a part cannot be opened, those before it are closed.
 *
 * @throws what opening a part throws, or the reason of the signal.
 */
export async function runService(parts: ServiceParts): Promise<RunningService> {
  const { logger, signal, drainMs } = parts;
  const opened = resourceStack();
  const stopping = new AbortController();
  const hurry = new AbortController();
  try {
    signal?.throwIfAborted();
    const access = await parts.openAccess();
    opened.defer('the watch on keys and certificates', access.close);
    signal?.throwIfAborted();

    const served = await parts.openMetrics?.();
    if (served) opened.defer('the metrics', served.close);
    const metrics = served?.metrics;
    signal?.throwIfAborted();

    const store = await parts.openStore(metrics);
    opened.defer('the database', () => store.close());
    opened.defer('the pruning of the database', pruneRegularly(store, parts.retention, logger));
    signal?.throwIfAborted();

    const status = health(SERVICE_NAMES);
    const feed = changeFeed(store, logger, metrics);
    const log = accessLog(logger, () => stopping.signal.aborted);
    opened.defer('the log of calls', log.flush);
    const observers = [log.callEnded, ...(metrics ? [metrics.callEnded] : [])];
    if (metrics) access.keys?.onRemoved(({ name }) => metrics.forgetKey(name));
    const { keys } = access;
    const { limits, connections, stopGraceMs } = parts;
    const serving: CallServing = { keys, logger, observers, trace: parts.trace };
    // Both servers let the same callers in, and count what they do together.
    const gate = callGate(keys, limits);
    const services = servedServices({ store, feed, health: status, reads: readShares(limits.readsPerKey) });
    const shared = { ...serving, services, gate, limits, connections, stopGraceMs };
    const server = grpcServer({ ...shared, stopping: stopping.signal });
    const servers: (GrpcServer | WebServer)[] = [server];
    // Streams end before the servers shut down: they wait for them.
    opened.defer('the servers', () => Promise.all(servers.map(each => each.shutDown(hurry.signal))));
    opened.defer('the change feed', feed.stop);
    opened.defer('the health', status.stop);
    const web = await parts.openWeb?.({ ...shared, tls: access.tls });
    if (web) servers.push(web);
    metrics?.measure({ store, feed, servers, keys });
    opened.defer(
      'the watch on the database',
      watchDatabase(store, (serving, error) => {
        status.setServing(serving);
        metrics?.setServing(serving);
        if (serving) logger.info({}, 'the database can be used again; health is SERVING');
        else logger.error({ err: causeOf(error) }, 'the database cannot be used; health is NOT_SERVING');
      }),
    );
    opened.defer('the calls', () => stopping.abort(new DispatchError('UNAVAILABLE', 'the service is shutting down')));
    const port = await server.listen(parts.listen, access.credentials);
    const webUrl = await web?.listen();
    opened.defer('the listening', async () => {
      status.drain();
      metrics?.setServing(false);
      if (drainMs > 0) await pause(drainMs, undefined, hurry).catch(() => {});
    });
    signal?.throwIfAborted();

    return {
      port,
      access,
      store,
      metricsUrl: served?.url,
      webUrl,
      stop({ now = false } = {}) {
        if (now) hurry.abort();
        return opened.close();
      },
    };
  } catch (error) {
    hurry.abort();
    await opened.close().catch(failure => {
      logger.error({ err: failure }, 'the service did not start, and parts of it could not be closed');
    });
    throw error;
  }
}

/** Why a check of the database failed; without an error it did not answer. */
function causeOf(error: unknown): unknown {
  if (error === undefined) return new Error('it does not answer');
  return error instanceof DispatchError ? (error.cause ?? error) : error;
}
