import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

import type { Logger } from '../../logger.js';

/** Files that are watched. */
export interface WatchedFiles {
  /** Checks at once whether they have changed. */
  reload(): Promise<void>;
  stop(): Promise<void>;
}

/** Options of {@link watchFiles}. */
export interface WatchOptions {
  readonly paths: readonly string[];
  /** What the files contain, for the log, such as `the API keys`. */
  readonly what: string;
  /**
   * Applies the contents, in order of the paths.
   *
   * @throws when they are invalid; then the previous contents stay in force.
   */
  take(contents: readonly Buffer[]): void;
  readonly logger: Logger;
}

/** Interval at which files are read. */
const INTERVAL_MS = 1_000;

type Found = { readonly digest: string } & (
  | { readonly contents: readonly Buffer[]; readonly error?: undefined }
  | { readonly contents?: undefined; readonly error: unknown }
);

/**
 * Applies the contents of files, now and whenever they change. They are read every second, because file system notifications do
 * not cover every way to replace a file: rewritten, renamed over, or behind a chain of links.
 *
 * Invalid content is logged, once, if it is still there a second later: it may be half written.
 *
 * @throws the error of the first reading, which has the `path` of its file, or of applying what was read.
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
      logger.info({ paths }, `${what} were reloaded`);
    } catch (error) {
      const logged = known || asked;
      wrong = { digest: found.digest, logged };
      if (logged) logger.error({ err: error, paths }, `${what} cannot be reloaded; the previous ones stay in force`);
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
    const contents = await Promise.all(paths.map(contentOf));
    const digest = createHash('sha256');
    for (const content of contents) digest.update(`${content.length} `).update(content);
    return { digest: digest.digest('base64'), contents };
  } catch (error) {
    return { digest: String(error), error };
  }
}

async function contentOf(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    // That of a folder names none.
    throw Object.assign(error as NodeJS.ErrnoException, { path });
  }
}
