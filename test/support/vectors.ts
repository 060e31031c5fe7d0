import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

/**
 * The cases of a file in `test/vectors`, one JSON value a line.
 *
 * @param name file name with its ending: `.jsonl`, or `.jsonl.gz` when compressed
 */
export function readVectors<T>(name: string): T[] {
  const bytes = readFileSync(new URL(`../vectors/${name}`, import.meta.url));
  const text = (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  return text
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as T);
}
