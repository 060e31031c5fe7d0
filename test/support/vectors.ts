import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';

/**
 * The cases of a file in `test/vectors`, one JSON value a line. Works from the project's root folder.
 *
 * @param name file name with its ending: `.jsonl`, or `.jsonl.gz` when compressed
 */
export function readVectors<T>(name: string): T[] {
  const bytes = readFileSync(resolve('test/vectors', name));
  const text = (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  return text
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as T);
}
