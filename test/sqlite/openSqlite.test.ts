import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqlite } from '../../src/sqlite/openSqlite.js';
import { connectSqlite } from '../../src/sqlite/sqliteConnection.js';
import { compiledModule } from '../support/compiled.js';
import { runProgram, startProgram } from '../support/program.js';
import { temporaryFolder } from '../support/temporaryFolder.js';

const KIND = { applicationId: 4711, holds: 'the numbers of a test', migrations: {} };

interface Schema {
  number: { value: number | bigint | string | Uint8Array | null };
}

let folder: ReturnType<typeof temporaryFolder>;
let path: string;
beforeEach(() => {
  folder = temporaryFolder();
  path = join(folder.path, 'numbers.db');
});
afterEach(() => folder[Symbol.dispose]());

async function open(file = path) {
  const opened = await openSqlite<Schema>(file, KIND);
  return { ...opened, [Symbol.asyncDispose]: opened.close };
}

/** A file with the table of {@link Schema}. */
async function openWithTable() {
  const opened = await open();
  await opened.db.schema.createTable('number').addColumn('value', 'blob').execute();
  return opened;
}

const count = async ({ db }: Pick<Awaited<ReturnType<typeof open>>, 'db'>) =>
  (await db.selectFrom('number').select('value').execute()).length;

/** Executes statements behind the back of what is tested. */
async function executed(statements: string): Promise<void> {
  const other = connectSqlite(path, 0);
  await other.run(statements);
  other.close();
  // Another thread ends the connection.
  await expect.poll(() => existsSync(`${path}-wal`)).toBe(false);
}

/** Makes a file of many pages, with a log that was emptied and removed. */
async function makeLarge(): Promise<void> {
  await executed(`PRAGMA application_id = ${KIND.applicationId}; PRAGMA journal_mode = WAL;
    CREATE TABLE number (value BLOB);
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 2000) INSERT INTO number SELECT randomblob(90) FROM n`);
}

/** What the log holds after a change that is not in the file yet, as after a crash. */
async function logOf(change: string): Promise<Buffer> {
  const other = connectSqlite(path, 0);
  await other.run(change);
  const [file, log] = [readFileSync(path), readFileSync(`${path}-wal`)];
  other.close();
  writeFileSync(path, file);
  return log;
}

function damage(): void {
  const bytes = readFileSync(path);
  writeFileSync(path, bytes.fill(0xff, 3 * 4096, bytes.length - 2 * 4096));
}

/** A file that cannot be opened is as it was, and alone. */
async function refused(error: object): Promise<void> {
  const before = readFileSync(path);
  await expect(open()).rejects.toMatchObject(error);
  expect(readFileSync(path)).toEqual(before);
  expect(readdirSync(folder.path)).toEqual([basename(path)]);
}

const openModule = pathToFileURL(compiledModule('src/sqlite/openSqlite.ts'));

/** A process that opens the file, says so, and keeps it. */
const holder = (file: string) => `
  import { openSqlite } from '${openModule}';
  await openSqlite(${JSON.stringify(file)}, ${JSON.stringify(KIND)});
  console.log('open');
  setInterval(() => {}, 1000);
`;

describe('a file', () => {
  it('is made, whatever its name, and keeps what was committed', async () => {
    path = join(folder.path, 'ü 100%?#.db');
    {
      await using opened = await openWithTable();
      await opened.db.insertInto('number').values({ value: 1 }).execute();
    }
    await using again = await open();
    expect(await again.db.selectFrom('number').selectAll().execute()).toEqual([{ value: 1 }]);
  });

  it('waits for the disk at each commit, and has no log left once it is closed', async () => {
    {
      await using opened = await openWithTable();
      const { rows } = await sql<{ synchronous: number }>`PRAGMA synchronous`.execute(opened.db);
      expect(rows).toEqual([{ synchronous: 2 }]);
      expect(readFileSync(`${path}-wal`).length).toBeGreaterThan(0);
    }
    expect(existsSync(`${path}-wal`) ? readFileSync(`${path}-wal`).length : 0).toBe(0);
  });

  it('belongs to one process at a time', async () => {
    await using opened = await openWithTable();
    const inUse = { code: 'UNAVAILABLE', message: `${path} is in use by another process` };
    await expect(open()).rejects.toMatchObject(inUse);
    const other = await runProgram(`
      import { openSqlite } from '${openModule}';
      await openSqlite(${JSON.stringify(path)}, ${JSON.stringify(KIND)}).catch(error => console.log(error.message));
    `);
    expect(other.stdout).toBe(`${inUse.message}\n`);
    expect(await count(opened)).toBe(0);
  });

  it('is one file by whatever name', async () => {
    await using _opened = await openWithTable();
    const link = join(folder.path, 'link.db');
    symlinkSync(path, link);
    await expect(open(link)).rejects.toMatchObject({ message: `${path} is in use by another process` });
  });

  it('is free again when the process that had it is killed', async () => {
    await using other = startProgram(holder(path));
    await other.line();
    await expect(open()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await other.kill();
    await using opened = await open();
    expect(opened.path).toBe(path);
  });

  it('can be read by other programs meanwhile, as for a backup', async () => {
    await using opened = await openWithTable();
    await opened.db.insertInto('number').values({ value: 1 }).execute();
    const backup = join(folder.path, 'backup.db');
    const other = connectSqlite(path, 0);
    await other.run(`VACUUM INTO '${backup}'`);
    other.close();
    await using copy = await open(backup);
    expect(await count(copy)).toBe(1);
  });

  it('must be a database', async () => {
    writeFileSync(path, 'dear diary, this is no database at all');
    await refused({
      code: 'FAILED_PRECONDITION',
      message: `${path} is not an SQLite database, so it does not hold the numbers of a test`,
    });
  });

  it("is left as it was when it is another program's", async () => {
    await executed('CREATE TABLE bookmark (url TEXT)');
    await refused({
      code: 'FAILED_PRECONDITION',
      message: `${path} is a database of another program, not the numbers of a test`,
    });
  });

  it('is left as it was when a newer version of the program has written it', async () => {
    await makeLarge();
    await executed('PRAGMA user_version = 2');
    await refused({
      code: 'FAILED_PRECONDITION',
      message: `the schema of ${path} is newer than this version of the program (version 2): install a newer version`,
    });
  });

  it('is left as it was when it is damaged', async () => {
    await makeLarge();
    damage();
    await refused({ code: 'DATA_LOSS', message: expect.stringMatching(/ is damaged \(.+\)$/) });
  });

  it('is left as it was when it is damaged and has a log', async () => {
    await makeLarge();
    const log = await logOf('UPDATE number SET value = 1 WHERE rowid = 1');
    damage();
    writeFileSync(`${path}-wal`, log);
    const before = readFileSync(path);
    await expect(open()).rejects.toMatchObject({ code: 'DATA_LOSS' });
    expect(readFileSync(path)).toEqual(before);
    expect(readFileSync(`${path}-wal`)).toEqual(log);
  });

  describe('that was closed here', () => {
    beforeEach(async () => {
      await makeLarge();
      await (await open()).close();
    });

    /** Damages it behind the back of the system: nothing tells that it was changed. */
    function damageUnseen(): void {
      const { atime, mtime } = statSync(path);
      // Not what is read at the start.
      const bytes = readFileSync(path);
      writeFileSync(path, bytes.fill(0xff, 10 * 4096, 20 * 4096));
      utimesSync(path, atime, mtime);
    }

    it('is not checked again as a whole, however large it is', async () => {
      damageUnseen();
      await using opened = await open();
      expect(opened.path).toBe(path);
    });

    it('is damaged, too, when the start itself comes upon it', async () => {
      const { atime, mtime } = statSync(path);
      damage();
      utimesSync(path, atime, mtime);
      await expect(open()).rejects.toMatchObject({ code: 'DATA_LOSS', message: expect.stringContaining('malformed') });
    });

    it('is checked when it was changed since, as by a backup in its place', async () => {
      damage();
      // File systems tell times in ticks of some milliseconds, and this may be the one in which it was closed.
      utimesSync(path, new Date(), new Date(Date.now() + 1_000));
      await expect(open()).rejects.toMatchObject({ code: 'DATA_LOSS' });
    });

    it('is checked when it was never closed here, though it is as old as the lock that is made for it', async () => {
      const other = join(folder.path, 'other.db');
      damageUnseen();
      for (let tries = 0; tries < 20; tries += 1) {
        copyFileSync(path, other);
        await expect(open(other)).rejects.toMatchObject({ code: 'DATA_LOSS' });
      }
    });

    it('is checked when the process that had it was killed', async () => {
      await using other = startProgram(holder(path));
      await other.line();
      await other.kill();
      damageUnseen();
      await expect(open()).rejects.toMatchObject({ code: 'DATA_LOSS' });
    });
  });

  it('is as before the first transaction when that was cut short', async () => {
    const other = connectSqlite(path, 0);
    // A cache this small is written to the file, and its journal to the disk, before the end.
    await other.run(`PRAGMA cache_size = 1; BEGIN; PRAGMA application_id = ${KIND.applicationId};
      CREATE TABLE number (value BLOB); CREATE TABLE other (value BLOB);
      ${'INSERT INTO number VALUES (randomblob(3000)); INSERT INTO other VALUES (randomblob(3000));'.repeat(50)}`);
    const journal = readFileSync(`${path}-journal`);
    await other.run('COMMIT');
    other.close();
    writeFileSync(`${path}-journal`, journal);
    await using opened = await openWithTable();
    expect(await count(opened)).toBe(0);
  });

  it('is no folder, and not below a file', async () => {
    await expect(open(folder.path)).rejects.toMatchObject({
      code: 'INTERNAL',
      message: `cannot open ${folder.path}: it is a folder`,
    });
    writeFileSync(path, '');
    await expect(open(join(path, 'x.db'))).rejects.toMatchObject({ code: 'INTERNAL' });
  });

  it('is made in no folder that is not there', async () => {
    const missing = join(folder.path, 'mistyped');
    await expect(open(join(missing, 'x.db'))).rejects.toMatchObject({
      code: 'INTERNAL',
      message: `cannot open ${join(missing, 'x.db')}: there is no folder ${missing}`,
    });
    expect(existsSync(missing)).toBe(false);
  });

  it('lets nobody in after it was closed, and those who were in finish', async () => {
    const opened = await openWithTable();
    const transaction = await opened.db.startTransaction().execute();
    const closing = opened.close();
    await expect(count(opened)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await transaction.insertInto('number').values({ value: 1 }).execute();
    await transaction.commit().execute();
    await closing;
    await using again = await open();
    expect(await count(again)).toBe(1);
  });
});

describe('a transaction', () => {
  it('is seen by nobody before it is committed, and by nobody when it is rolled back', async () => {
    await using opened = await openWithTable();
    const transaction = await opened.db.startTransaction().execute();
    await transaction.insertInto('number').values({ value: 1 }).execute();
    expect(await count(opened)).toBe(0);
    expect(await count({ db: transaction } as never)).toBe(1);
    await transaction.commit().execute();
    expect(await count(opened)).toBe(1);

    const undone = await opened.db.startTransaction().execute();
    await undone.insertInto('number').values({ value: 2 }).execute();
    await undone.rollback().execute();
    expect(await count(opened)).toBe(1);
  });

  it('waits for the one before', async () => {
    await using opened = await openWithTable();
    const first = await opened.db.startTransaction().execute();
    const order: string[] = [];
    const second = opened.db.transaction().execute(async transaction => {
      order.push('second');
      await transaction.insertInto('number').values({ value: 2 }).execute();
    });
    await first.insertInto('number').values({ value: 1 }).execute();
    order.push('first');
    await first.commit().execute();
    await second;
    expect(order).toEqual(['first', 'second']);
    expect(await count(opened)).toBe(2);
  });

  it('goes on after a statement that was refused', async () => {
    await using opened = await openWithTable();
    await opened.db.schema.createIndex('once').unique().on('number').column('value').execute();
    await opened.db.insertInto('number').values({ value: 1 }).execute();
    const duplicate = opened.db.insertInto('number').values({ value: 1 }).execute();
    await expect(duplicate).rejects.toMatchObject({ code: 'SQLITE_CONSTRAINT_UNIQUE' });
    await opened.db.insertInto('number').values({ value: 2 }).execute();
    expect(await count(opened)).toBe(2);
  });

  it('commits what a statement with RETURNING has written', async () => {
    await using opened = await openWithTable();
    const inserted = await opened.db.insertInto('number').values({ value: 7 }).returning('value').execute();
    expect(inserted).toEqual([{ value: 7 }]);
    expect(await count(opened)).toBe(1);
  });
});

describe('a row that is found', () => {
  const numberOf = ({ db }: Awaited<ReturnType<typeof open>>, value: number | Uint8Array) =>
    db.selectFrom('number').selectAll().where('value', '=', value).compile();

  it('is the one that was committed last, as any query reads it', async () => {
    await using opened = await openWithTable();
    const { db, find } = opened;
    for (const value of [7, Uint8Array.of(1, 255)]) {
      const query = numberOf(opened, value);
      expect(await find(query)).toBe(undefined);
      await db.insertInto('number').values({ value }).execute();
      expect(await find(query)).toEqual({ value });
      expect(await find(query)).toEqual((await db.executeQuery(query)).rows[0]);
      await db.deleteFrom('number').execute();
      expect(await find(query)).toBe(undefined);
    }
  });

  it('leaves nothing open that would keep the log from being emptied', async () => {
    await using opened = await openWithTable();
    await opened.db.insertInto('number').values({ value: 7 }).execute();
    await opened.find(numberOf(opened, 7));
    await opened.db.insertInto('number').values({ value: 8 }).execute();
    const other = connectSqlite(path, 0);
    const { rows } = await other.execute('PRAGMA wal_checkpoint(TRUNCATE)', []);
    other.close();
    expect(rows).toMatchObject([{ busy: 0, log: 0 }]);
  });

  it('is refused as any query is', async () => {
    const opened = await openWithTable();
    await expect(opened.find({ ...numberOf(opened, 1), sql: 'select 1 from letter' })).rejects.toThrow('no such table');
    const closing = opened.close();
    await expect(opened.find(numberOf(opened, 1))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await closing;
  });
});

describe('a parameter', () => {
  it.each([
    ['a number', 1.5],
    ['an integer', Number.MAX_SAFE_INTEGER],
    ['a text', 'ü\u{1f50b}'],
    ['nothing', null],
    ['bytes', Uint8Array.of(0, 1, 255)],
  ])('can be %s, which is read back as it was', async (_, value) => {
    await using opened = await openWithTable();
    await opened.db.insertInto('number').values({ value }).execute();
    expect(await opened.db.selectFrom('number').selectAll().execute()).toEqual([{ value }]);
  });

  it('can be a part of a larger buffer', async () => {
    await using opened = await openWithTable();
    const value = Uint8Array.of(9, 1, 2, 9).subarray(1, 3);
    await opened.db.insertInto('number').values({ value }).execute();
    expect(await opened.db.selectFrom('number').selectAll().execute()).toEqual([{ value: Uint8Array.of(1, 2) }]);
  });

  // Each of these would end the process, without an exception, if it reached libsql.
  it.each([
    ['a boolean', true, 'boolean'],
    ['an object', { a: 1 }, 'Object'],
    ['a Date', new Date(0), 'Date'],
    ['an ArrayBuffer', new ArrayBuffer(1), 'ArrayBuffer'],
    ['a list', [1], 'Array'],
    ['a symbol', Symbol('x'), 'symbol'],
    ['an integer beyond 64 bits', -(2n ** 63n) - 1n, 'bigint'],
    ['an object without a prototype', Object.create(null), 'object'],
  ])('cannot be %s', async (_, value, kind) => {
    await using opened = await openWithTable();
    const refused = new TypeError(`a ${kind} cannot be a parameter of an SQLite statement`);
    await expect(
      opened.db
        .insertInto('number')
        .values({ value: value as never })
        .execute(),
    ).rejects.toEqual(refused);
    await expect(sql`SELECT ${value}`.execute(opened.db)).rejects.toEqual(refused);
    expect(await count(opened)).toBe(0);
  });
});
