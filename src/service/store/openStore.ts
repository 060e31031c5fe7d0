import { type Logger, silentLogger } from '../../logger.js';
import { loadOptional } from '../../model/loadOptional.js';
import type { DispatchStore, StoreOptions } from '../domain/dispatchStore.js';
import { invalidOption } from '../domain/invalidOption.js';
import type { EffectiveCounts } from './connectionCounts.js';
import { memoryStore } from './memory/memoryStore.js';

/** What {@link openStore} takes beside the database. */
export interface OpenStoreOptions extends Pick<StoreOptions, 'observer'> {
  /** Numbers of connections to PostgreSQL. @default those of `ConnectionCounts` */
  readonly connections?: EffectiveCounts | undefined;
  /** @default silent */
  readonly logger?: Logger | undefined;
}

/**
 * Opens the store of a database: `:memory:`, a file or a `postgres://` address. The packages for SQLite and PostgreSQL are
 * loaded only when they are needed.
 *
 * @throws DispatchError INVALID_ARGUMENT when it is none of these; FAILED_PRECONDITION when their package is not installed; and what opening it throws.
 */
export async function openStore(database: string, options: OpenStoreOptions = {}): Promise<DispatchStore> {
  const { observer, connections, logger = silentLogger } = options;
  if (database === ':memory:') return memoryStore({ observer });
  if (isPostgres(database)) {
    const { openPostgresStore } = await loadOptional(
      'a service with PostgreSQL',
      () => import('./sql/postgres/openPostgresStore.js'),
    );
    return openPostgresStore(database, { observer, connections, logger });
  }
  checkFileName(database);
  const { openSqliteStore } = await loadOptional(
    'a service with a file',
    () => import('./sql/sqlite/openSqliteStore.js'),
  );
  return openSqliteStore(database, { observer });
}

/**
 * Checks that {@link openStore} could open a database, which is not changed.
 *
 * @throws DispatchError as openStore.
 */
export async function checkStore(database: string): Promise<void> {
  if (database === ':memory:') return;
  if (isPostgres(database)) {
    const { checkPostgres } = await loadOptional(
      'a service with PostgreSQL',
      () => import('./sql/postgres/openPostgresStore.js'),
    );
    return checkPostgres(database);
  }
  checkFileName(database);
  const { checkSqliteStore } = await loadOptional(
    'a service with a file',
    () => import('./sql/sqlite/openSqliteStore.js'),
  );
  return checkSqliteStore(database);
}

function checkFileName(database: string): void {
  // A drive of Windows is one letter.
  if (database === '' || /^([a-z][a-z\d+.-]+)?:/i.test(database)) {
    throw invalidOption('database', 'must be a file, :memory:, or an address that begins with postgres://');
  }
}

/** Whether a database is the address of a PostgreSQL server. */
export function isPostgres(database: string): boolean {
  return /^postgres(ql)?:\/\//.test(database);
}
