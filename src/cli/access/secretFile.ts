import { readFileSync } from 'node:fs';

import { messageOf } from '../../model/dispatchError.js';
import { UsageError } from '../input/usageError.js';

/**
 * Reads a key or a secret from a file, without the line break at its end.
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
  return secret;
}
