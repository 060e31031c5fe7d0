import { open, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import Database from 'libsql/promise';
import { DispatchError } from '../model/dispatchError.js';

/** Marks a file as the store of a dispatcher, in the header of the SQLite format: the letters "xdsp". */
const applicationId = 0x78647370;

/** The version of what is in the file; it changes when an older program could not read it any more. */
const formatVersion = 1;

/** So many files are looked at until one can be used. */
const maxCandidates = 10;

const schema = `
  BEGIN;
  PRAGMA application_id = ${applicationId};
  PRAGMA user_version = ${formatVersion};
  CREATE TABLE microgrid (id INTEGER PRIMARY KEY, synced INTEGER NOT NULL);
  CREATE TABLE dispatch (
    microgrid_id INTEGER NOT NULL,
    id INTEGER NOT NULL,
    stored TEXT NOT NULL,
    PRIMARY KEY (microgrid_id, id)
  ) WITHOUT ROWID;
  COMMIT;`;

/** An open file, this process's alone. */
export interface StoreFile {
  readonly path: string;
  readonly database: Database;
  /** What was wrong with the files before it, which were left as they are. */
  readonly problems: readonly DispatchError[];
}

/**
 * Opens the file of a store, or makes it. One that is not a store, is damaged, or is of a newer version is left as it is,
 * and a file beside it with `.1` (then `.2`, …) at the end of its name is taken instead.
 *
 * @throws DispatchError `FAILED_PRECONDITION` when another process has it or its folder does not exist.
 */
export async function openStoreFile(path: string): Promise<StoreFile> {
  await checkFolder(path);
  const problems: DispatchError[] = [];
  for (let i = 0; i < maxCandidates; i++) {
    const candidate = i === 0 ? path : `${path}.${i}`;
    const database = await openCandidate(candidate);
    if (typeof database !== 'string') return { path: candidate, database, problems };
    problems.push(
      new DispatchError(
        'DATA_LOSS',
        `${candidate} ${database}: it is left as it is, and ${path}.${i + 1} used instead`,
      ),
    );
  }
  const message = `neither ${path} nor any of ${maxCandidates - 1} files beside it can be used; remove some`;
  throw new DispatchError('FAILED_PRECONDITION', message, { cause: problems[0] });
}

/** Closes a file, and lets others have it at once. */
export async function closeStoreFile({ path, database }: StoreFile): Promise<void> {
  try {
    await release(database);
  } catch (error) {
    throw toStoreError(error, path);
  }
}

/** An error of SQLite as one of ours. */
export function toStoreError(error: unknown, path: string): DispatchError {
  if (error instanceof DispatchError) return error;
  const code = codeOf(error);
  if (code.startsWith('SQLITE_BUSY')) {
    return new DispatchError('FAILED_PRECONDITION', `${path} is in use by another process`, { cause: error });
  }
  const ours = isDamage(code) ? 'DATA_LOSS' : code.startsWith('SQLITE_FULL') ? 'RESOURCE_EXHAUSTED' : 'UNKNOWN';
  return new DispatchError(ours, `${path}: ${messageOf(error)}`, { cause: error });
}

/** The database, or in words why it is none of ours; then nothing was written to the file. */
async function openCandidate(path: string): Promise<Database | string> {
  const header = await readHeader(path);
  const foreign = foreignness(header);
  if (foreign !== null) return foreign;
  let database: Database | undefined;
  try {
    database = new Database(path, {});
    await database.exec('PRAGMA locking_mode = EXCLUSIVE');
    const [check] = await (await database.prepare('PRAGMA quick_check(1)')).all();
    if (check.quick_check !== 'ok') throw Object.assign(new Error(check.quick_check), { code: 'SQLITE_CORRUPT' });
    // Made before the write-ahead log is: so the header tells at any time what the file is.
    if ((await versionOf(database)) === 0) await database.exec(schema);
    await database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
    return database;
  } catch (error) {
    database?.close();
    if (isDamage(codeOf(error))) return `is damaged (${messageOf(error).replaceAll(/\s+/g, ' ')})`;
    throw toStoreError(error, path);
  }
}

async function versionOf(database: Database): Promise<number> {
  const [row] = await (await database.prepare('PRAGMA user_version')).all();
  return row.user_version;
}

/**
 * `close()` alone leaves the lock until the statements are garbage. It goes with the next access after the exclusive mode,
 * which can be left outside the write-ahead log only.
 */
async function release(database: Database): Promise<void> {
  try {
    await database.exec('PRAGMA journal_mode = DELETE; PRAGMA locking_mode = NORMAL; SELECT count(*) FROM microgrid');
  } finally {
    database.close();
  }
}

/** The first 100 bytes, as far as there are any, read without touching the file. */
async function readHeader(path: string): Promise<Buffer> {
  try {
    await using file = await open(path);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(100), 0, 100, 0);
    return buffer.subarray(0, bytesRead);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return Buffer.alloc(0);
    throw new DispatchError('FAILED_PRECONDITION', `${path} cannot be read`, { cause: error });
  }
}

/** Why a file with this header is none of ours; null when it is, or is empty. Offsets: SQLite file format, section 1.3. */
function foreignness(header: Buffer): string | null {
  if (header.length === 0) return null;
  if (header.length < 100 || header.toString('latin1', 0, 16) !== 'SQLite format 3\0') return 'is not a database';
  if (header.readUInt32BE(68) !== applicationId) return 'is not the store of a dispatcher';
  const version = header.readUInt32BE(60);
  return version > formatVersion ? `is of version ${version}, newer than this program` : null;
}

async function checkFolder(path: string): Promise<void> {
  const folder = dirname(resolve(path));
  const found = await stat(folder).catch(() => null);
  if (found?.isDirectory()) return;
  throw new DispatchError('FAILED_PRECONDITION', `${path} cannot be made: there is no folder ${folder}`);
}

function isDamage(code: string): boolean {
  return code.startsWith('SQLITE_CORRUPT') || code.startsWith('SQLITE_NOTADB');
}

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
