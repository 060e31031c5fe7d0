import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeSync,
} from 'node:fs';

import { DispatchError } from '../../model/dispatchError.js';
import { parseKeysFile } from '../../service/access/keysFile.js';
import { OperationFailed } from '../operationFailed.js';

/** An entry of a file of API keys, as it is written. */
export interface KeyEntry {
  readonly name: string;
  readonly key: string;
  readonly secret?: string | undefined;
  readonly microgrids: 'all' | readonly number[];
  readonly access?: 'read' | 'write' | undefined;
  readonly audit?: boolean | undefined;
}

/** Permissions of a file that only its owner can read. */
const OWNER_ONLY = 0o600;

/**
 * Reads the entries of a file of API keys.
 *
 * @throws OperationFailed when it cannot be read or is invalid; the message holds nothing of its content.
 */
export function readKeys(path: string): readonly KeyEntry[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw OperationFailed.ofFile('The file of keys cannot be read', error);
  }
  checkKeys(text, path);
  return (JSON.parse(text) as { readonly keys: readonly KeyEntry[] }).keys;
}

/**
 * Changes a file of API keys: as a whole or not at all, also when the process ends meanwhile. Owner and permissions of the file stay;
 * a new one can be read by its owner only. A symbolic link stays, and what it leads to is changed. Other changes at the same time are refused.
 *
 * @param change Returns the new entries.
 * @param beforehand Is called before they are in force. When it rejects, the file stays as it is.
 * @throws OperationFailed when the result is invalid, another change is being made, or the file belongs to somebody else, who could then no
 * longer read it.
 */
export async function editKeys(
  path: string,
  change: (keys: readonly KeyEntry[]) => readonly KeyEntry[],
  beforehand: () => Promise<void> = async () => {},
): Promise<void> {
  const target = existsSync(path) ? realpathSync(path) : path;
  const before = statSync(target, { throwIfNoEntry: false });
  const next = `${target}.new`;
  const file = openNew(next);
  try {
    try {
      const keys = change(before ? readKeys(target) : []);
      const text = `${JSON.stringify({ keys }, null, 2)}\n`;
      checkKeys(text, path);
      writeSync(file, text);
      if (before) keepOwner(file, before, path);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    await beforehand();
    renameSync(next, target);
  } catch (error) {
    rmSync(next, { force: true });
    throw error;
  }
}

/** A random key or secret: 256 bits in base64url. */
export function randomSecret(): string {
  return randomBytes(32).toString('base64url');
}

/** Whether other users of this machine can read a file. */
export function isReadableByOthers(path: string): boolean {
  // Windows has no such bits.
  return process.platform !== 'win32' && (statSync(path).mode & 0o044) !== 0;
}

/** Gives a new file the owner and the permissions of the one that it replaces, whatever the umask is. */
function keepOwner(file: number, { uid, gid, mode }: Stats, path: string): void {
  const own = fstatSync(file);
  try {
    if (own.uid !== uid || own.gid !== gid) fchownSync(file, uid, gid);
    fchmodSync(file, mode & 0o777);
  } catch (error) {
    throw OperationFailed.ofFile(`${path} belongs to another user or group, which must not change`, error);
  }
}

function openNew(path: string): number {
  try {
    return openSync(path, 'wx', OWNER_ONLY);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
      throw OperationFailed.ofFile('The file of keys cannot be written', error);
    }
    throw new OperationFailed(
      'ABORTED',
      `Another change is being made, or was interrupted: remove ${path} if no other command runs.`,
    );
  }
}

function checkKeys(text: string, path: string): void {
  try {
    parseKeysFile(text, path);
  } catch (error) {
    throw error instanceof DispatchError ? new OperationFailed(error.code, error.message) : error;
  }
}
