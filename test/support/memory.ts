import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Bytes of the heap that are in use, without garbage. */
export function heapUsed(): number {
  return used().heapUsed;
}

/** As {@link heapUsed}, with what buffers hold outside of the heap. */
export function memoryUsed(): number {
  const { heapUsed, external } = used();
  return heapUsed + external;
}

function used(): NodeJS.MemoryUsage {
  // Once is not enough for what only the first collection lets go of.
  for (let i = 0; i < 2; i++) collectGarbage();
  return process.memoryUsage();
}
