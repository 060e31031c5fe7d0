import type { ServerResponse } from 'node:http';

/** Interval at which a stream of lines gets an empty one: proxies end connections that are silent, and readers see that it is open. */
const INTERVAL_MS = 15_000;

/**
 * Writes empty lines to an open stream.
 *
 * @returns a function that stops it.
 */
export function emptyLines(response: ServerResponse): () => void {
  const timer = setInterval(() => {
    // Of a peer that does not read none is waiting beside what waits already.
    if (response.writableLength === 0) response.write('\n');
  }, INTERVAL_MS);
  return () => clearInterval(timer);
}
