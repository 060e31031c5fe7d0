import { type Logger, silentLogger } from '../logger.js';
import { DispatchError } from '../model/dispatchError.js';
import { type CallLimits, callLimits } from './access/callLimits.js';
import { listenAddress } from './access/listenAddress.js';
import { type AccessOptions, loadAccessControl } from './access/loadAccessControl.js';
import type { DispatchStore } from './domain/dispatchStore.js';
import { type StopOptions, serveStore } from './grpc/serveStore.js';
import { pruneRegularly } from './operation/pruneRegularly.js';
import { memoryStore } from './store/memory/memoryStore.js';

/** How long changes are kept by default. In memory it is shorter, for they would fill it; streams read them at once. */
const KEEP_CHANGES_MS = 7 * 24 * 3_600_000;
const KEEP_CHANGES_IN_MEMORY_MS = 10 * 60_000;
const MIN_KEEP_CHANGES_MS = 60_000;
/** Each renewal of a connection costs each dispatcher a list. */
const MIN_CONNECTION_AGE_MS = 60_000;
/** What a timer can wait for, with room for the tenth that a connection's age is spread by. */
const MAX_SPAN_MS = 20 * 24 * 3_600_000;

/** How to run a dispatch service. */
export interface DispatchServiceOptions extends AccessOptions {
  /**
   * `HOST:PORT` to listen on; port 0 takes a free one. Beyond loopback it needs a key and TLS, or `insecure`.
   *
   * @default '127.0.0.1:0'
   */
  readonly listen?: string | undefined;
  /**
   * Where dispatches are kept: a file, which this service has to itself; `postgres://user:password@host:port/database`,
   * which any number of services may share; or `:memory:`, and they are gone when it stops. A file is made where there is
   * none, in a folder that is there; a PostgreSQL database must be there.
   *
   * @default ':memory:'
   */
  readonly database?: string | undefined;
  /**
   * How long the log of changes reaches back, in milliseconds. Dispatches stay until they are deleted.
   *
   * @default 7 days, in memory 10 minutes
   */
  readonly keepChangesMs?: number | undefined;
  /** How much it takes of its callers. */
  readonly limits?: CallLimits | undefined;
  /**
   * `[HOST:]PORT` on which to serve metrics for Prometheus over HTTP, at `/metrics`; without a host on 127.0.0.1, port 0
   * takes a free one. Anybody who reaches it can read them: they tell names of keys, but nothing secret.
   *
   * @default none
   */
  readonly metrics?: string | undefined;
  /**
   * How long calls under way may take to end when the service stops, in milliseconds. Then they are cut.
   *
   * @default 5 s
   */
  readonly stopGraceMs?: number | undefined;
  /**
   * How long the service goes on after it was told to stop, in milliseconds. Its health is NOT_SERVING meanwhile, so that
   * load balancers send callers elsewhere.
   *
   * @default 0
   */
  readonly drainMs?: number | undefined;
  /**
   * After how long a connection is ended, in milliseconds, so that clients spread over services that were added; its
   * streams end, too. Give or take a tenth.
   *
   * @default never
   */
  readonly maxConnectionAgeMs?: number | undefined;
  /**
   * Where the service logs calls, and failures that no caller is told; a pino logger fits.
   *
   * @default silent
   */
  readonly logger?: Logger | undefined;
}

/** A running service. */
export interface DispatchService {
  /** Where clients reach it, such as `grpc://127.0.0.1:50051?ssl=false`; with TLS `grpc://127.0.0.1:50051`. */
  readonly address: string;
  readonly port: number;
  /** Where dispatches are kept: `:memory:`, a file with its whole path, or a `postgres://` address without its secrets. */
  readonly database: string;
  /** Looks at once whether the files of keys and certificates have changed; they are looked at every second anyway. */
  reload(): Promise<void>;
  /** Where its metrics are, such as `http://127.0.0.1:9464/metrics`; absent unless they were asked for. */
  readonly metricsUrl?: string;
  /**
   * Tells load balancers (`drainMs`), ends every stream with UNAVAILABLE, lets calls under way end (`stopGraceMs`), and
   * frees the port. Stopping twice is stopping once.
   */
  stop(options?: StopOptions): Promise<void>;
}

/**
 * Starts a dispatch service, which serves until it is stopped.
 *
 * @throws DispatchError INVALID_ARGUMENT when an option is wrong; UNAVAILABLE when the address cannot be listened on, or
 * the database is in use by another process or cannot be used; FAILED_PRECONDITION when it is another program's, or
 * written by a newer version of this one; DATA_LOSS when it is a file that is damaged. Such a file is left as it is.
 */
export async function startDispatchService(options: DispatchServiceOptions = {}): Promise<DispatchService> {
  const { listen = '127.0.0.1:0', database = ':memory:', tls, logger = silentLogger } = options;
  const place = listenAddress(listen);
  const keepChangesMs = checkKeepChanges(options, database);
  const limits = callLimits(options.limits);
  const times = checkTimes(options);
  const cleanUps: (() => Promise<void>)[] = [];

  /** Lets go of what was started, the last first. */
  async function cleanUp(): Promise<void> {
    for (const each of cleanUps.reverse()) await each();
  }

  try {
    const access = await loadAccessControl(options, place, logger);
    cleanUps.push(access.close);
    const metrics = await openMetrics(options.metrics, logger);
    if (metrics) cleanUps.push(metrics.stop);
    const opened = await openStore(database, logger);
    const store = metrics?.metrics.measureStore(opened) ?? opened;
    cleanUps.push(store.close, pruneRegularly(store, keepChangesMs, logger));
    const served = await serveStore(store, { listen, access, limits, logger, metrics: metrics?.metrics, ...times });
    const { port } = served;
    const address = `grpc://${place.host}:${port}${tls ? '' : '?ssl=false'}`;
    logger.info({ address, database: store.name, ...(metrics && { metrics: metrics.url }) }, 'the service listens');
    let stopping: Promise<void> | undefined;

    async function shutDown(): Promise<void> {
      logger.info({ address }, 'the service stops');
      await served.stop();
      await cleanUp();
      logger.info({ address }, 'the service has stopped');
    }

    return {
      address,
      port,
      database: store.name,
      reload: access.reload,
      ...(metrics && { metricsUrl: metrics.url }),
      stop({ now = false } = {}) {
        stopping ??= shutDown();
        if (now) void served.stop({ now });
        return stopping;
      },
    };
  } catch (error) {
    await cleanUp();
    throw error;
  }
}

function checkKeepChanges({ keepChangesMs }: DispatchServiceOptions, database: string): number {
  if (keepChangesMs === undefined) return database === ':memory:' ? KEEP_CHANGES_IN_MEMORY_MS : KEEP_CHANGES_MS;
  if (keepChangesMs >= MIN_KEEP_CHANGES_MS) return keepChangesMs;
  throw wrongOption('keepChangesMs', 'must be a minute at least: what is dropped before streams read it ends them');
}

/** The spans that serving takes; those that are absent are at their defaults. */
function checkTimes({ stopGraceMs, drainMs, maxConnectionAgeMs }: DispatchServiceOptions) {
  if (stopGraceMs !== undefined) checkSpan('stopGraceMs', stopGraceMs, 0);
  if (drainMs !== undefined) checkSpan('drainMs', drainMs, 0);
  if (maxConnectionAgeMs !== undefined) checkSpan('maxConnectionAgeMs', maxConnectionAgeMs, MIN_CONNECTION_AGE_MS);
  return {
    ...(stopGraceMs !== undefined && { stopGraceMs }),
    ...(drainMs !== undefined && { drainMs }),
    connections: { maxAgeMs: maxConnectionAgeMs },
  };
}

function checkSpan(field: string, spanMs: number, leastMs: number): void {
  if (spanMs >= leastMs && spanMs <= MAX_SPAN_MS) return;
  throw wrongOption(field, `must be ${leastMs} to ${MAX_SPAN_MS} milliseconds`);
}

/**
 * Opens the store that a database is. What SQLite and PostgreSQL need is loaded only for them.
 *
 * @throws DispatchError INVALID_ARGUMENT when it is none; and what opening it throws.
 */
export async function openStore(database: string, logger: Logger): Promise<DispatchStore> {
  if (database === ':memory:') return memoryStore();
  if (/^postgres(ql)?:\/\//.test(database)) {
    const { openPostgresStore } = await import('./store/sql/postgres/openPostgresStore.js');
    return openPostgresStore(database, { logger });
  }
  // A drive of Windows is one letter.
  if (database === '' || /^([a-z][a-z\d+.-]+)?:/i.test(database)) {
    throw wrongOption('database', 'is neither a file, nor :memory:, nor an address that begins with postgres://');
  }
  const { openSqliteStore } = await import('./store/sql/sqlite/openSqliteStore.js');
  return openSqliteStore(database);
}

/** Loaded only for who wants metrics. */
async function openMetrics(text: string | undefined, logger: Logger) {
  if (text === undefined) return undefined;
  const address = listenAddress(/^\d+$/.test(text) ? `127.0.0.1:${text}` : text, 'metrics');
  const { serviceMetrics } = await import('./operation/serviceMetrics.js');
  const { serveMetrics } = await import('./operation/serveMetrics.js');
  const metrics = serviceMetrics();
  return { metrics, ...(await serveMetrics(metrics, address, logger)) };
}

function wrongOption(field: string, problem: string): DispatchError {
  return new DispatchError('INVALID_ARGUMENT', `${field}: ${problem}`, { field });
}
