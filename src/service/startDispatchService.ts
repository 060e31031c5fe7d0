import { type Logger, silentLogger } from '../logger.js';
import { DispatchError } from '../model/dispatchError.js';
import { type CallLimits, callLimits } from './access/callLimits.js';
import { type Access, type AccessOptions, openAccess } from './access/openAccess.js';
import type { DispatchStore } from './dispatchStore.js';
import { listenAddress } from './listenAddress.js';
import { memoryStore } from './memoryStore.js';
import { pruneRegularly } from './pruneRegularly.js';
import { type ServedStore, type ServeOptions, serveStore } from './serveStore.js';

/** How long changes are kept by default. In memory it is shorter, for they would fill it; streams read them at once. */
const KEEP_CHANGES_MS = 7 * 24 * 3_600_000;
const KEEP_CHANGES_IN_MEMORY_MS = 10 * 60_000;
const MIN_KEEP_CHANGES_MS = 60_000;

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
   * Where the service reports failures that no caller is told; a pino logger fits.
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
  /** Ends every stream with UNAVAILABLE, lets calls under way end, and frees the port. Stopping twice is stopping once. */
  stop(): Promise<void>;
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
  const access = await openAccess(options, place, logger);
  const { store, port, stop } = await served(database, { listen, access, limits, logger });
  const address = `grpc://${place.host}:${port}${tls ? '' : '?ssl=false'}`;
  const stopPruning = pruneRegularly(store, keepChangesMs, logger);
  logger.info({ address, database: store.name }, 'the dispatch service listens');

  async function shutDown(): Promise<void> {
    await stop();
    await stopPruning();
    await store.close();
    await access.close();
    logger.info({ address }, 'the dispatch service has stopped');
  }

  let stopping: Promise<void> | undefined;
  return {
    address,
    port,
    database: store.name,
    reload: access.reload,
    stop() {
      stopping ??= shutDown();
      return stopping;
    },
  };
}

function checkKeepChanges({ keepChangesMs }: DispatchServiceOptions, database: string): number {
  if (keepChangesMs === undefined) return database === ':memory:' ? KEEP_CHANGES_IN_MEMORY_MS : KEEP_CHANGES_MS;
  if (keepChangesMs >= MIN_KEEP_CHANGES_MS) return keepChangesMs;
  throw wrongOption('keepChangesMs', 'must be a minute at least: what is dropped before streams read it ends them');
}

/**
 * Opens the store that a database is. What SQLite and PostgreSQL need is loaded only for them.
 *
 * @throws DispatchError INVALID_ARGUMENT when it is none; and what opening it throws.
 */
export async function openStore(database: string, logger: Logger): Promise<DispatchStore> {
  if (database === ':memory:') return memoryStore();
  if (/^postgres(ql)?:\/\//.test(database)) {
    const { openPostgresStore } = await import('./sql/openPostgresStore.js');
    return openPostgresStore(database, { logger });
  }
  // A drive of Windows is one letter.
  if (database === '' || /^([a-z][a-z\d+.-]+)?:/i.test(database)) {
    throw wrongOption('database', 'is neither a file, nor :memory:, nor an address that begins with postgres://');
  }
  const { openSqliteStore } = await import('./sql/openSqliteStore.js');
  return openSqliteStore(database);
}

/** Opens a store and serves it. What was opened is let go of when it cannot be served. */
async function served(
  database: string,
  options: ServeOptions & { readonly access: Access },
): Promise<ServedStore & { readonly store: DispatchStore }> {
  let store: DispatchStore | null = null;
  try {
    store = await openStore(database, options.logger);
    return { ...(await serveStore(store, options)), store };
  } catch (error) {
    await store?.close();
    await options.access.close();
    throw error;
  }
}

function wrongOption(field: string, problem: string): DispatchError {
  return new DispatchError('INVALID_ARGUMENT', `${field}: ${problem}`, { field });
}
