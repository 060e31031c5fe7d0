import { statSync } from 'node:fs';

import type { Logger } from '../../logger.js';

const READABLE_BY_OTHERS = 0o004;

/** Logs a warning when a file with secrets can be read by every user of the machine. */
export function warnWhenReadable(path: string, what: string, logger: Logger): void {
  // Windows has no such bits.
  if (process.platform === 'win32') return;
  const mode = statSync(path, { throwIfNoEntry: false })?.mode ?? 0;
  if (mode & READABLE_BY_OTHERS) {
    logger.warn({ path }, `${what} can be read by every user of this machine; restrict it (chmod o-r)`);
  }
}
