import { accessSync, constants, realpathSync, statSync } from 'node:fs';

import type { Logger } from '../../logger.js';

const READABLE_BY_OTHERS = 0o004;

/** Logs a warning when a file with secrets can be read by every user of the machine. */
export function warnWhenReadable(path: string, what: string, logger: Logger): void {
  if (isReadableByEveryone(path)) {
    logger.warn({ path }, `${what} can be read by every user of this machine; restrict it (chmod o-r)`);
  }
}

/**
 * Whether every user of the machine can read a file with secrets, and its mode could be restricted. False for the secrets that Docker, Podman and
 * Kubernetes mount into a container, which have the mode 0444: those below /run/secrets, and those of a read-only mount.
 */
export function isReadableByEveryone(path: string): boolean {
  // Windows has no such bits.
  if (process.platform === 'win32') return false;
  const stats = statSync(path, { throwIfNoEntry: false });
  // What is no file, such as the pipe of a shell, is not left behind.
  if (!stats?.isFile() || (stats.mode & READABLE_BY_OTHERS) === 0) return false;
  return !realpathSync(path).startsWith('/run/secrets/') && !isOnReadOnlyMount(path);
}

function isOnReadOnlyMount(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EROFS';
  }
}
