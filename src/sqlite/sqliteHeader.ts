import { open } from 'node:fs/promises';
import type { Migration } from 'kysely';

import { DispatchError } from '../model/dispatchError.js';

/** A kind of SQLite file. */
export interface SqliteFileKind {
  /** Its `application_id`, which distinguishes the SQLite files of different programs: any number except 0, within 31 bits. */
  readonly applicationId: number;
  /** Its content, for messages, such as `the dispatches of a service`. */
  readonly holds: string;
  /** The migrations of its schema, by name, see {@link migrate}. Its `user_version` is the number of those applied. */
  readonly migrations: Readonly<Record<string, Migration>>;
}

const HEADER_BYTES = 100;

/**
 * Checks the first 100 bytes ("The Database Header" of SQLite's file format), before anything opens the file. One that is empty or does
 * not exist passes.
 *
 * @throws DispatchError FAILED_PRECONDITION when it is not a database, or belongs to another program or to a newer version of this one;
 * INTERNAL when it cannot be read.
 */
export async function checkHeader(file: string, { applicationId, holds, migrations }: SqliteFileKind): Promise<void> {
  const header = await readHeader(file);
  if (header.length === 0) return;
  const refuse = (reason: string) => new DispatchError('FAILED_PRECONDITION', reason);
  if (header.length < HEADER_BYTES || !header.toString('latin1').startsWith('SQLite format 3\0')) {
    throw refuse(`${file} is not an SQLite database, so it does not hold ${holds}`);
  }
  if (header.readUInt32BE(68) !== applicationId) {
    throw refuse(`${file} is a database of another program, not ${holds}`);
  }
  const version = header.readUInt32BE(60);
  if (version <= Object.keys(migrations).length) return;
  throw refuse(
    `the schema of ${file} is newer than this version of the program (version ${version}): install a newer version`,
  );
}

async function readHeader(file: string): Promise<Buffer> {
  try {
    await using handle = await open(file);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEADER_BYTES), 0, HEADER_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Buffer.alloc(0);
    throw cannotOpen(file, error);
  }
}

/** The error of a file that cannot be opened, with the reason. */
export function cannotOpen(file: string, error: unknown): DispatchError {
  // The cause of a database failure is the error of SQLite.
  const cause = error instanceof DispatchError ? (error.cause ?? error) : error;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new DispatchError('INTERNAL', `cannot open ${file}: ${reason}`, { cause });
}
