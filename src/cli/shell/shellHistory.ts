import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

import { messageOf } from '../../model/dispatchError.js';

/** The lines that were typed into a shell, kept in a file between its runs. */
export interface ShellHistory {
  /** Newest first. */
  readonly lines: readonly string[];
  /** Adds a line. One that repeats the last one, or seems to hold a secret, is not written to the file. */
  add(line: string): void;
}

/** Number of lines that are kept. */
export const HISTORY_SIZE = 1_000;

const SECRET_OPTION = /--[\w-]*(?:key|secret|password|token)[\w-]*/gi;
const HARMLESS = new Set(['--auth-key-file', '--sign-secret-file', '--ask-secret', '--keys', '--key', '--tls-key']);
const PASSWORD_IN_URL = /:\/\/[^\s/@]*:[^\s/@]*@/;

/**
 * Opens the history in a file, which only its user can read.
 *
 * @param onFailure Called once when the file cannot be read or written; the history then lasts until the shell ends.
 */
export function openHistory(path: string, onFailure: (message: string) => void): ShellHistory {
  let isUsable = true;
  const attempt = <T>(access: () => T, otherwise: T): T => {
    try {
      if (isUsable) return access();
    } catch (error) {
      isUsable = false;
      onFailure(`The history is not kept: ${messageOf(error)}.`);
    }
    return otherwise;
  };
  const written = attempt(() => readLines(path), []);
  if (written.length > 2 * HISTORY_SIZE) attempt(() => writeLines(path, written.slice(-HISTORY_SIZE)), undefined);
  let last = written.at(-1);
  return {
    lines: written.slice(-HISTORY_SIZE).reverse(),
    add(line) {
      if (line.trim() === '' || line === last || mayHoldSecret(line)) return;
      last = line;
      attempt(() => appendFileSync(path, `${line}\n`, { mode: 0o600 }), undefined);
    },
  };
}

/** Whether a line has an option for a secret, also a misspelt one, or an address with a password. */
function mayHoldSecret(line: string): boolean {
  const options = line.match(SECRET_OPTION) ?? [];
  return options.some(option => !HARMLESS.has(option.toLowerCase())) || PASSWORD_IN_URL.test(line);
}

function readLines(path: string): string[] {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  try {
    return readFileSync(path, 'utf8').split('\n').slice(0, -1);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function writeLines(path: string, lines: readonly string[]): void {
  writeFileSync(path, lines.map(line => `${line}\n`).join(''), { mode: 0o600 });
}
