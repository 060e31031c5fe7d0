import { commandSignal } from '../commandSignal.js';
import { UsageError } from './usageError.js';

/** What is piped to the command, which `-` means in place of a file. @throws UsageError in a shell, which reads its lines from there. */
export function stdin(): NodeJS.ReadableStream {
  if (commandSignal() === undefined) return process.stdin;
  throw new UsageError('- is not possible in the shell, which reads its commands from there: give a file.');
}
