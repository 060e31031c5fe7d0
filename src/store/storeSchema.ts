import { type Generated, type Kysely, sql } from 'kysely';

import type { SqliteFileKind } from '../sqlite/sqliteHeader.js';

/** The tables of a dispatcher's file. */
export interface StoreSchema {
  microgrid: { id: number; synced: number; log_position: string | null; latest_ms: number | null };
  dispatch: { microgrid_id: number; id: number; stored: string };
  history: {
    /** Place of the end of the entry among the bytes of all entries that were ever written. */
    seq: number;
    microgrid_id: number;
    dispatch_id: number;
    type: string;
    notification: string;
    noticed_ms: number;
    data: string;
  };
  /** What webhooks wait to send, in the order of `n`. */
  webhook: { n: Generated<number>; microgrid_id: number; queue: string; id: string; data: string };
}

/** The version of the first schema with a history. */
export const historyVersion = 3;

/** `xdsp`: the dispatches of a dispatcher. A released migration is never changed. */
export const storeFileKind: SqliteFileKind = {
  applicationId: 0x78647370,
  holds: 'the dispatches of a dispatcher',
  migrations: {
    '0001_initial': { up: createTables },
    '0002_position': { up: addPosition },
    '0003_history': { up: addHistory },
    '0004_webhook': { up: addWebhook },
  },
};

async function createTables(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('microgrid')
    .addColumn('id', 'integer', column => column.primaryKey())
    .addColumn('synced', 'integer', column => column.notNull())
    .execute();
  await db.schema
    .createTable('dispatch')
    .addColumn('microgrid_id', 'integer', column => column.notNull())
    .addColumn('id', 'integer', column => column.notNull())
    .addColumn('stored', 'text', column => column.notNull())
    .addPrimaryKeyConstraint('dispatch_key', ['microgrid_id', 'id'])
    .modifyEnd(sql`WITHOUT ROWID`)
    .execute();
}

async function addPosition(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('microgrid').addColumn('log_position', 'text').execute();
  await db.schema.alterTable('microgrid').addColumn('latest_ms', 'integer').execute();
}

/** Without another index: entries are written all the time, and read seldom. */
async function addHistory(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('history')
    .addColumn('seq', 'integer', column => column.primaryKey())
    .addColumn('microgrid_id', 'integer', column => column.notNull())
    .addColumn('dispatch_id', 'integer', column => column.notNull())
    .addColumn('type', 'text', column => column.notNull())
    .addColumn('notification', 'text', column => column.notNull())
    .addColumn('noticed_ms', 'integer', column => column.notNull())
    .addColumn('data', 'text', column => column.notNull())
    .execute();
}

async function addWebhook(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('webhook')
    .addColumn('n', 'integer', column => column.primaryKey().autoIncrement())
    .addColumn('microgrid_id', 'integer', column => column.notNull())
    .addColumn('queue', 'text', column => column.notNull())
    .addColumn('id', 'text', column => column.notNull().unique())
    .addColumn('data', 'text', column => column.notNull())
    .execute();
}
