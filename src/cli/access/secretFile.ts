import { readFileSync } from 'node:fs';

import { messageOf } from '../../model/dispatchError.js';
import { isReadableByEveryone } from '../../service/access/warnWhenReadable.js';
import { UsageError } from '../input/usageError.js';
import { note } from '../output/print.js';

/** What was warned about: a command may read a file several times. */
const warned = new Set<string>();

/** Warns, once, when every user of this machine can read a file that holds a key or a secret. */
export function warnWhenReadable(path: string): void {
  if (warned.has(path) || !isReadableByEveryone(path)) return;
  warned.add(path);
  note(`warning: ${path} can be read by every user of this machine; restrict it (chmod o-r)`);
}

/**
 * Reads a key or a secret from a file, without the line break at its end.
 *
 * It warns when every user of this machine can read it.
 *
 * @param what Name of the option or the setting that names the file, for the message.
 * @throws UsageError when it cannot be read, is empty or begins with a byte order mark. The message holds nothing of its content.
 */
export function readSecretFile(path: string, what: string): string {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(`${what}: the file cannot be read: ${messageOf(error)}.`);
  }
  if (text.startsWith('\uFEFF')) {
    throw new UsageError(
      `${what}: the file ${path} must not begin with a byte order mark: store it as UTF-8 without one.`,
    );
  }
  const secret = text.replace(/\r?\n$/, '');
  if (secret === '') throw new UsageError(`${what}: the file ${path} is empty.`);
  warnWhenReadable(path);
  return secret;
}
