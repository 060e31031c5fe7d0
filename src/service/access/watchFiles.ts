import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

import type { Logger } from '../../logger.js';

/** Files that are looked after. */
export interface WatchedFiles {
  /** Looks at once whether they have changed. */
  reload(): Promise<void>;
  stop(): Promise<void>;
}

/** What to do with files. */
export interface WatchOptions {
  readonly paths: readonly string[];
  /** What they are, for the log: `API keys`. */
  readonly what: string;
  /**
   * Takes what they hold, in order of the paths.
   *
   * @throws when it is wrong; then what was taken before stays.
   */
  take(contents: readonly Buffer[]): void;
  readonly logger: Logger;
}

/** How often files are read. */
const INTERVAL_MS = 1_000;

type Found = { readonly digest: string } & (
  | { readonly contents: readonly Buffer[]; readonly error?: undefined }
  | { readonly contents?: undefined; readonly error: unknown }
);

/**
 * Takes what files hold, and again whenever it changes. They are read every second, for no notification of a file system
 * tells of each way in which files are replaced: written anew, renamed over, or behind a link of a link.
 *
 * Content that is wrong is logged, once, when it is still there a second later: it may be half written.
 *
 * @throws what reading them at first throws, or taking what they hold.
 */
export async function watchFiles({ paths, what, take, logger }: WatchOptions): Promise<WatchedFiles> {
  const first = await read(paths);
  if (!first.contents) throw first.error;
  take(first.contents);
  let taken = first.digest;
  let wrong: { readonly digest: string; readonly logged: boolean } | null = null;
  let looking = Promise.resolve();
  const timer = setInterval(() => look(false), INTERVAL_MS);

  function look(asked: boolean): Promise<void> {
    looking = looking.then(() => compare(asked));
    return looking;
  }

  async function compare(asked: boolean): Promise<void> {
    const found = await read(paths);
    if (found.digest === taken) {
      wrong = null;
      return;
    }
    const known = wrong?.digest === found.digest;
    if (known && wrong?.logged && !asked) return;
    try {
      if (!found.contents) throw found.error;
      take(found.contents);
      taken = found.digest;
      wrong = null;
      logger.info({ paths }, `${what} were read again`);
    } catch (error) {
      const logged = known || asked;
      wrong = { digest: found.digest, logged };
      if (logged) logger.error({ err: error, paths }, `${what} cannot be read again; those from before stay in force`);
    }
  }

  return {
    reload: () => look(true),
    async stop() {
      clearInterval(timer);
      await looking;
    },
  };
}

async function read(paths: readonly string[]): Promise<Found> {
  try {
    const contents = await Promise.all(paths.map(path => readFile(path)));
    const digest = createHash('sha256');
    for (const content of contents) digest.update(`${content.length} `).update(content);
    return { digest: digest.digest('base64'), contents };
  } catch (error) {
    return { digest: String(error), error };
  }
}
