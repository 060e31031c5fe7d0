import { note } from './print.js';

type Output = 'stdout' | 'stderr';

/** Called with the first failure to write to each stream, such as EPIPE (the reader has closed it) or ENOSPC. */
export type OutputFailureHandler = (stream: Output, error: NodeJS.ErrnoException) => void;

let handler: OutputFailureHandler = endProgram;
const failed = new Set<Output>();

/** A stream of the process cannot be written. Later failures of the same stream tell nothing new. */
export function noteOutputFailure(stream: Output, error: NodeJS.ErrnoException): void {
  if (failed.has(stream)) return;
  failed.add(stream);
  handler(stream, error);
}

/** Replaces the handler, which ends the program, until it is disposed of. */
export function onOutputFailure(next: OutputFailureHandler): Disposable {
  const before = handler;
  handler = next;
  return {
    [Symbol.dispose]() {
      handler = before;
    },
  };
}

/** For programs that must go on whether or not their output is read. */
export function goOnWithoutOutput(stream: Output, { message }: Error): void {
  if (stream === 'stdout') note(`stdout cannot be written any more: ${message}`);
}

function endProgram(stream: Output, { code, message }: NodeJS.ErrnoException): void {
  // The reader has enough, as in `dispatch list 1 | head -1`.
  if (stream === 'stdout' && code === 'EPIPE') process.exit(0);
  if (stream === 'stdout') note(`error: stdout cannot be written: ${message}`);
  process.exit(1);
}
