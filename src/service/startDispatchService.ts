import { type Logger, silentLogger } from '../logger.js';
import { loadOptional } from '../model/loadOptional.js';
import { serverSpans } from '../telemetry/serverSpans.js';
import type { CallLimits } from './access/callLimits.js';
import type { ListenAddress } from './access/listenAddress.js';
import { type AccessOptions, loadAccessControl } from './access/loadAccessControl.js';
import { type OpenMetrics, runService } from './runService.js';
import { serviceSettings } from './serviceSettings.js';
import type { StopOptions } from './stopOptions.js';
import type { ConnectionCounts } from './store/connectionCounts.js';
import { openStore } from './store/openStore.js';
import type { WebFiles } from './web/webFiles.js';
import type { WebServer, WebServerOptions } from './web/webServer.js';

/** How a service answers over HTTP. */
export interface WebOptions {
  /**
   * `[HOST:]PORT` to listen on. The default host is 127.0.0.1; port 0 takes a free port. An address that is not loopback needs keys and TLS, or
   * `insecure`.
   *
   * @default '127.0.0.1:0'
   */
  readonly listen?: string | undefined;
  /**
   * Origins of pages that may call the service, such as `https://console.example`, beside pages that it serves itself. Their hosts are also names by
   * which it may be called, as behind a proxy; others are its address and the names of its certificate.
   *
   * @default none
   */
  readonly origins?: readonly string[] | undefined;
  /**
   * Serves the web console on the same port: people sign in to it with a key and its secret, which stay in their browser.
   *
   * @default false
   */
  readonly console?: boolean | undefined;
}

/** Options of {@link startDispatchService}. */
export interface DispatchServiceOptions extends AccessOptions {
  /**
   * `HOST:PORT` to listen on; port 0 takes a free port. An address that is not loopback needs keys and TLS, or `insecure`.
   *
   * @default '127.0.0.1:0'
   */
  readonly listen?: string | undefined;
  /**
   * Where dispatches are stored: a file, which only this service may use; `postgres://user:password@host:port/database`,
   * which any number of services may share; or `:memory:`, lost when the service stops. The file is created if it does not
   * exist; its folder and a PostgreSQL database must exist.
   *
   * @default ':memory:'
   */
  readonly database?: string | undefined;
  /**
   * Age at which entries of the change log are deleted, in milliseconds; at least a minute. Dispatches stay until they are
   * deleted.
   *
   * @default 7 days, in memory 10 minutes
   */
  readonly keepChangesMs?: number | undefined;
  /**
   * Age at which entries of the audit are deleted, in milliseconds; at least a minute. The audit tells who changed which dispatch, and
   * what it was before.
   *
   * @default 400 days, in memory as `keepChangesMs`
   */
  readonly keepAuditMs?: number | undefined;
  /** Maximum numbers of connections to PostgreSQL; not for other databases. */
  readonly databaseConnections?: ConnectionCounts | undefined;
  /**
   * Serves the same calls over HTTP as well, as gRPC-Web, Connect and JSON by POST: for browsers, and for all that has no gRPC. With `tls` over TLS
   * and HTTP/2.
   *
   * @default not over HTTP
   */
  readonly web?: WebOptions | undefined;
  /** Limits on calls. */
  readonly limits?: CallLimits | undefined;
  /**
   * `[HOST:]PORT` on which metrics for Prometheus are served over HTTP, at `/metrics`. The default host is 127.0.0.1; port 0
   * takes a free port. Everyone who can reach the port can read the metrics: they hold names of keys, but no secrets.
   *
   * @default no metrics
   */
  readonly metrics?: string | undefined;
  /**
   * Time that pending calls have to end when the service stops, in milliseconds. Then they are cancelled.
   *
   * @default 5 s
   */
  readonly stopGraceMs?: number | undefined;
  /**
   * Time for which the service continues to serve after it was told to stop, in milliseconds. Its health is NOT_SERVING
   * meanwhile, so that load balancers send callers elsewhere.
   *
   * @default 0
   */
  readonly drainMs?: number | undefined;
  /**
   * Age at which a connection is ended, with its streams, in milliseconds, so that clients spread over services that were
   * added. Varies by a tenth; at least a minute.
   *
   * @default never
   */
  readonly maxConnectionAgeMs?: number | undefined;
  /**
   * Interval at which silent connections are pinged, in milliseconds; at least a second. Shorter than the time after which something
   * between clients and the service ends idle connections.
   *
   * @default 30 s
   */
  readonly keepAliveMs?: number | undefined;
  /**
   * Where the service logs calls, and failures whose reason callers are not told; a pino logger fits.
   *
   * @default silent
   */
  readonly logger?: Logger | undefined;
  /** Gives up the start when it aborts. Has no effect on a service that has started. */
  readonly signal?: AbortSignal | undefined;
}

/** A running service. */
export interface DispatchService {
  /** Where clients reach it, such as `grpc://127.0.0.1:50051?ssl=false`; with TLS `grpc://127.0.0.1:50051`. */
  readonly address: string;
  readonly port: number;
  /** Where dispatches are stored: `:memory:`, the absolute path of a file, or a `postgres://` address without its secrets. */
  readonly database: string;
  /** Checks at once whether the files of keys and certificates have changed; they are checked every second anyway. */
  reload(): Promise<void>;
  /** Where metrics are served, such as `http://127.0.0.1:9464/metrics`; absent without the option `metrics`. */
  readonly metricsUrl?: string;
  /** Where it answers over HTTP, such as `http://127.0.0.1:8080`; absent without the option `web`. */
  readonly webUrl?: string;
  /**
   * Stops the service: announces it to load balancers (`drainMs`), ends every stream with UNAVAILABLE, waits for pending
   * calls (`stopGraceMs`), and closes whatever the service has opened, each part even if others cannot be closed. Stopping
   * twice is stopping once.
   *
   * @throws DispatchError UNKNOWN that names what could not be closed.
   */
  stop(options?: StopOptions): Promise<void>;
}

/**
 * Starts a dispatch service, which serves until it is stopped. When the start fails, whatever it has opened is closed.
 *
 * @throws DispatchError INVALID_ARGUMENT when an option is wrong; UNAVAILABLE when the address cannot be listened on, or
 * the database cannot be used or is in use by another process; FAILED_PRECONDITION when the database belongs to another
 * program, or was written by a newer version of this one; DATA_LOSS when its file is damaged. The file is not changed then.
 */
export async function startDispatchService(options: DispatchServiceOptions = {}): Promise<DispatchService> {
  const { database = ':memory:', tls, logger = silentLogger, signal } = options;
  const { place, metricsPlace, webPlace, origins, connections, retention, limits, spans } = serviceSettings(options);
  const service = await runService({
    openAccess: () => loadAccessControl(options, { listen: place, 'web.listen': webPlace }, logger),
    openMetrics: metricsPlace && (() => openMetrics(metricsPlace, logger)),
    openStore: observer => openStore(database, { observer, connections, logger }),
    listen: place.text,
    openWeb: webPlace && (parts => openWeb({ ...parts, place: webPlace, origins }, options.web?.console ?? false)),
    retention,
    limits,
    trace: serverSpans,
    ...spans,
    logger,
    signal,
  });
  const { port, store, metricsUrl, webUrl, access } = service;
  const address = `grpc://${place.host}:${port}${tls ? '' : '?ssl=false'}`;
  const pages = { ...(metricsUrl && { metrics: metricsUrl }), ...(webUrl && { web: webUrl }) };
  logger.info({ address, database: store.name, ...pages }, 'the service listens');
  let stopping: Promise<void> | undefined;

  async function logStop(stopped: Promise<void>): Promise<void> {
    logger.info({ address }, 'the service stops');
    try {
      await stopped;
    } catch (error) {
      logger.error({ err: error, address }, 'the service has stopped, and parts of it could not be closed');
      throw error;
    }
    logger.info({ address }, 'the service has stopped');
  }

  return {
    address,
    port,
    database: store.name,
    reload: access.reload,
    ...(metricsUrl !== undefined && { metricsUrl }),
    ...(webUrl !== undefined && { webUrl }),
    stop(stopOptions) {
      const stopped = service.stop(stopOptions);
      stopping ??= logStop(stopped);
      return stopping;
    },
  };
}

/** The packages for HTTP are loaded only when they are needed. */
async function openWeb(options: Omit<WebServerOptions, 'files'>, hasConsole: boolean): Promise<WebServer> {
  const { webServer } = await loadOptional('a service over HTTP', () => import('./web/webServer.js'));
  return webServer({ ...options, files: hasConsole ? await filesFor(options) : () => undefined });
}

async function filesFor({ keys }: Pick<WebServerOptions, 'keys'>): Promise<WebFiles> {
  const { consoleFiles } = await import('./web/consoleFiles.js');
  return consoleFiles(keys === null ? 'none' : 'key');
}

/** The packages for metrics are loaded only when they are needed. */
async function openMetrics(address: ListenAddress, logger: Logger): Promise<OpenMetrics> {
  const { serviceMetrics } = await loadOptional(
    'a service with metrics',
    () => import('./operation/serviceMetrics.js'),
  );
  const { servePages } = await import('./operation/servePages.js');
  const metrics = serviceMetrics();
  const { contentType } = metrics;
  const page = async () => ({ text: await metrics.text(), contentType });
  const { origin, stop } = await servePages({ '/metrics': page }, address, logger);
  return { metrics, url: `${origin}/metrics`, close: stop };
}
