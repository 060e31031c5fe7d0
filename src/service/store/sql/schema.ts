import { type Kysely, type Migration, sql } from 'kysely';

import type { ChangeKind } from '../../domain/dispatchStore.js';

/**
 * The tables of the service. Names tell the unit, as in `DispatchRow`: `…_s` are whole seconds and `…_us` whole
 * microseconds since the epoch. Flags are 0 or 1.
 */
export interface ServiceSchema {
  /** Created by the first write. Every write locks its row first, which orders the writes of a microgrid. */
  microgrid: {
    id: number;
    /** The position in its change log. */
    seq: number;
    /** The version of its last change: an instant. */
    last_us: number;
  };
  dispatch: {
    id: number;
    microgrid_id: number;
    type: string;
    start_s: number;
    /** {@link NEVER} when the last run has no end. */
    end_s: number;
    active: number;
    dry_run: number;
    recurring: number;
    create_us: number;
    update_us: number;
    /** The encoded `Dispatch`. */
    message: Uint8Array;
  };
  /** The search keys of the components of dispatches. */
  dispatch_target: { microgrid_id: number; key: string; dispatch_id: number };
  dispatch_change: {
    microgrid_id: number;
    seq: number;
    dispatch_id: number;
    kind: ChangeKind;
    at_us: number;
    message: Uint8Array;
  };
  /** Nonces of writes. */
  nonce: {
    id: string;
    until_us: number;
  };
  /** Completed requests with an id, with their results. */
  request: {
    id: string;
    hash: string;
    dispatch_id: number;
    message: Uint8Array;
    until_us: number;
  };
  /** Who changed what, entry by entry as in the change log, but kept longer. */
  dispatch_audit: {
    microgrid_id: number;
    seq: number;
    at_us: number;
    dispatch_id: number;
    key_name: string | null;
    method: string;
    request_id: string | null;
    note: string | null;
    /** The encoded `Dispatch` before and after the change. */
    before: Uint8Array | null;
    after: Uint8Array | null;
  };
  /** One row: the last id that was assigned. PostgreSQL has a sequence of this name instead. */
  dispatch_id: { last: number };
}

/** Stands for no end. A number, so that one range of an index covers everything that ends later or never. */
export const NEVER = Number.MAX_SAFE_INTEGER;

/** Column types of a database, and how it assigns ids. */
export interface ColumnTypes {
  readonly integer: 'integer' | 'bigint';
  readonly bytes: 'blob' | 'bytea';
  /** Creates the source of `SqlDialect.takeIds`. */
  createIds(db: Kysely<unknown>): Promise<void>;
}

/** The migrations of the schema. A released migration is never changed. */
export function migrations(types: ColumnTypes): Record<string, Migration> {
  return {
    '0001_initial': { up: db => createTables(db, types) },
    '0002_requests': { up: db => createRequestTables(db, types) },
    '0003_audit': { up: db => createAuditTable(db, types) },
  };
}

async function createTables(db: Kysely<unknown>, { integer, bytes, createIds }: ColumnTypes): Promise<void> {
  const bytesType = sql.raw<Uint8Array>(bytes);
  await db.schema
    .createTable('microgrid')
    .addColumn('id', integer, column => column.primaryKey())
    .addColumn('seq', integer, column => column.notNull())
    .addColumn('last_us', integer, column => column.notNull())
    .execute();

  await db.schema
    .createTable('dispatch')
    .addColumn('id', integer, column => column.primaryKey())
    .addColumn('microgrid_id', integer, column => column.notNull())
    .addColumn('type', 'text', column => column.notNull())
    .addColumn('start_s', integer, column => column.notNull())
    .addColumn('end_s', integer, column => column.notNull())
    .addColumn('active', 'integer', column => column.notNull())
    .addColumn('dry_run', 'integer', column => column.notNull())
    .addColumn('recurring', 'integer', column => column.notNull())
    .addColumn('create_us', integer, column => column.notNull())
    .addColumn('update_us', integer, column => column.notNull())
    .addColumn('message', bytesType, column => column.notNull())
    .execute();
  for (const sorted of ['start_s', 'create_us', 'update_us']) {
    // Dispatchers list what has not ended: with the end in the index, rows that have ended are not read.
    await db.schema
      .createIndex(`dispatch_by_${sorted}`)
      .on('dispatch')
      .columns(['microgrid_id', sorted, 'id', 'end_s'])
      .execute();
  }

  await db.schema
    .createTable('dispatch_target')
    .addColumn('microgrid_id', integer, column => column.notNull())
    .addColumn('key', 'text', column => column.notNull())
    .addColumn('dispatch_id', integer, column => column.notNull())
    .addPrimaryKeyConstraint('dispatch_target_key', ['microgrid_id', 'key', 'dispatch_id'])
    .execute();
  await db.schema.createIndex('dispatch_target_by_dispatch').on('dispatch_target').column('dispatch_id').execute();

  await db.schema
    .createTable('dispatch_change')
    .addColumn('microgrid_id', integer, column => column.notNull())
    .addColumn('seq', integer, column => column.notNull())
    .addColumn('dispatch_id', integer, column => column.notNull())
    .addColumn('kind', 'text', column => column.notNull())
    .addColumn('at_us', integer, column => column.notNull())
    .addColumn('message', bytesType, column => column.notNull())
    .addPrimaryKeyConstraint('dispatch_change_key', ['microgrid_id', 'seq'])
    .execute();
  await db.schema.createIndex('dispatch_change_by_at').on('dispatch_change').column('at_us').execute();

  await createIds(db);
}

async function createRequestTables(db: Kysely<unknown>, types: ColumnTypes): Promise<void> {
  const integer = types.integer;
  await db.schema
    .createTable('nonce')
    .addColumn('id', 'text', column => column.primaryKey())
    .addColumn('until_us', integer, column => column.notNull())
    .execute();
  await db.schema
    .createTable('request')
    .addColumn('id', 'text', column => column.primaryKey())
    .addColumn('hash', 'text', column => column.notNull())
    .addColumn('dispatch_id', integer, column => column.notNull())
    .addColumn('message', sql.raw(types.bytes), column => column.notNull())
    .addColumn('until_us', integer, column => column.notNull())
    .execute();
  for (const table of ['nonce', 'request']) {
    await db.schema.createIndex(`${table}_by_until`).on(table).column('until_us').execute();
  }
}

async function createAuditTable(db: Kysely<unknown>, { integer, bytes }: ColumnTypes): Promise<void> {
  const bytesType = sql.raw<Uint8Array>(bytes);
  await db.schema
    .createTable('dispatch_audit')
    .addColumn('microgrid_id', integer, column => column.notNull())
    .addColumn('seq', integer, column => column.notNull())
    .addColumn('at_us', integer, column => column.notNull())
    .addColumn('dispatch_id', integer, column => column.notNull())
    .addColumn('key_name', 'text')
    .addColumn('method', 'text', column => column.notNull())
    .addColumn('request_id', 'text')
    .addColumn('note', 'text')
    .addColumn('before', bytesType)
    .addColumn('after', bytesType)
    // With the time: a log that was set back may use a number again.
    .addPrimaryKeyConstraint('dispatch_audit_key', ['microgrid_id', 'seq', 'at_us'])
    .execute();
  await db.schema
    .createIndex('dispatch_audit_by_dispatch')
    .on('dispatch_audit')
    .columns(['microgrid_id', 'dispatch_id', 'seq'])
    .execute();
  await db.schema.createIndex('dispatch_audit_by_at').on('dispatch_audit').column('at_us').execute();
}
