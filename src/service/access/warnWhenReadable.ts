import { stat } from 'node:fs/promises';

import type { Logger } from '../../logger.js';

const READABLE_BY_OTHERS = 0o004;

/** Warns when a file that holds secrets can be read by every user of the machine. */
export async function warnWhenReadable(path: string, what: string, logger: Logger): Promise<void> {
  // Windows has no such bits. A file that is not there is told of by who reads it.
  if (process.platform === 'win32') return;
  const mode = await stat(path).then(
    stats => stats.mode,
    () => 0,
  );
  if (mode & READABLE_BY_OTHERS) {
    logger.warn({ path }, `${what} can be read by every user of this machine: take that right away (chmod o-r)`);
  }
}
