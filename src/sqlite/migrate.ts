import { type Kysely, type Migration, Migrator } from 'kysely';

import { DispatchError } from '../model/dispatchError.js';

const TABLE = 'dispatch_migration';

/**
 * Brings the schema of a database up to date. Safe to run in several processes at once.
 *
 * @param migrations - by name; the name of a new one must sort after the others.
 * @param name - of the database, for messages.
 * @throws DispatchError FAILED_PRECONDITION when the schema is newer than the migrations.
 */
export async function migrate<Schema>(
  db: Kysely<Schema>,
  migrations: Readonly<Record<string, Migration>>,
  name: string,
): Promise<void> {
  const unknown = (await executedMigrations(db)).filter(executed => !Object.hasOwn(migrations, executed));
  if (unknown.length > 0) {
    const message = `the schema of ${name} is newer than this version of the program (${unknown.join(', ')}): install a newer version`;
    throw new DispatchError('FAILED_PRECONDITION', message);
  }
  const migrator = new Migrator({
    db,
    provider: { getMigrations: async () => ({ ...migrations }) },
    // Own names, so that the database can have other tables.
    migrationTableName: TABLE,
    migrationLockTableName: `${TABLE}_lock`,
  });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw error;
}

async function executedMigrations<Schema>(db: Kysely<Schema>): Promise<string[]> {
  const tables = await db.introspection.getTables();
  if (!tables.some(table => table.name === TABLE)) return [];
  const rows = await (db as unknown as Kysely<{ [TABLE]: { name: string } }>)
    .selectFrom(TABLE)
    .select('name')
    .orderBy('name')
    .execute();
  return rows.map(row => row.name);
}
