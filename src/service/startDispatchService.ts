import { type Logger, silentLogger } from '../logger.js';
import { DispatchError } from '../model/dispatchError.js';
import type { DispatchStore } from './dispatchStore.js';
import { listenAddress } from './listenAddress.js';
import { memoryStore } from './memoryStore.js';
import { serveStore } from './serveStore.js';

/** How long the change log of a store in memory reaches back: streams read it at once. */
const MEMORY_LOG_MS = 10 * 60_000;
const PRUNE_INTERVAL_MS = 60_000;

/** How to run a dispatch service. */
export interface DispatchServiceOptions {
  /**
   * `HOST:PORT` to listen on; port 0 takes a free one. Without an `authKey` only loopback is allowed.
   *
   * @default '127.0.0.1:0'
   */
  readonly listen?: string | undefined;
  /**
   * Where dispatches are kept. This version keeps them in memory only: they are gone when the service stops.
   *
   * @default ':memory:'
   */
  readonly database?: string | undefined;
  /** The key that every call must carry. Without one every caller is accepted. */
  readonly authKey?: string | undefined;
  /** The secret that every call must be signed with; only with an `authKey`. Without one signatures are not checked. */
  readonly signSecret?: string | undefined;
  /**
   * Where the service reports failures that no caller is told; a pino logger fits.
   *
   * @default silent
   */
  readonly logger?: Logger | undefined;
}

/** A running service. */
export interface DispatchService {
  /** Where clients reach it, such as `grpc://127.0.0.1:50051?ssl=false`. */
  readonly address: string;
  readonly port: number;
  /** Ends every stream with UNAVAILABLE, lets calls under way end, and frees the port. Stopping twice is stopping once. */
  stop(): Promise<void>;
}

/**
 * Starts a dispatch service, which serves until it is stopped.
 *
 * @throws DispatchError INVALID_ARGUMENT when an option is wrong, UNAVAILABLE when the address cannot be listened on.
 */
export async function startDispatchService(options: DispatchServiceOptions = {}): Promise<DispatchService> {
  const { listen = '127.0.0.1:0', database = ':memory:', authKey, signSecret, logger = silentLogger } = options;
  const { host, loopback } = listenAddress(listen);
  checkCredentials(options, loopback, listen);
  const store = openStore(database);
  const { port, stop } = await serveStore(store, { listen, credentials: { authKey, signSecret }, logger });
  const address = `grpc://${host}:${port}?ssl=false`;
  const pruning = setInterval(() => void prune(store, logger), PRUNE_INTERVAL_MS);
  logger.info({ address }, 'the dispatch service listens');

  async function shutDown(): Promise<void> {
    clearInterval(pruning);
    await stop();
    await store.close();
    logger.info({ address }, 'the dispatch service has stopped');
  }

  let stopping: Promise<void> | undefined;
  return {
    address,
    port,
    stop() {
      stopping ??= shutDown();
      return stopping;
    },
  };
}

function checkCredentials({ authKey, signSecret }: DispatchServiceOptions, loopback: boolean, listen: string): void {
  if (authKey === '') throw wrongOption('authKey', 'must not be empty; without one every caller is accepted');
  if (signSecret === '') throw wrongOption('signSecret', 'must not be empty; without one signatures are not checked');
  if (signSecret !== undefined && authKey === undefined) {
    throw wrongOption('signSecret', 'needs an authKey, which signatures cover');
  }
  if (authKey === undefined && !loopback) {
    throw wrongOption('listen', `${listen} can be reached from other machines, which needs an authKey`);
  }
}

function openStore(database: string): DispatchStore {
  if (database === ':memory:') return memoryStore();
  throw wrongOption('database', `this version keeps dispatches in memory only; leave it out, or say ':memory:'`);
}

async function prune(store: DispatchStore, logger: Logger): Promise<void> {
  try {
    await store.prune((Date.now() - MEMORY_LOG_MS) * 1000);
  } catch (error) {
    logger.error({ err: error }, 'old entries of the change log cannot be dropped');
  }
}

function wrongOption(field: string, problem: string): DispatchError {
  return new DispatchError('INVALID_ARGUMENT', `${field}: ${problem}`, { field });
}
