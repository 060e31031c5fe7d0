import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Bytes of the heap that are in use, without garbage. */
export function heapUsed(): number {
  // Once is not enough for what only the first collection lets go of.
  for (let i = 0; i < 2; i++) collectGarbage();
  return process.memoryUsage().heapUsed;
}
