import { OperationFailed } from '../operationFailed.js';
import { onOutputFailure } from './outputFailure.js';
import { written } from './print.js';

/**
 * Prints what cannot be asked for again, and waits until stdout has taken it. A reader that has closed it wants no more of it.
 *
 * @param done What is so although it could not be printed, in a sentence.
 * @throws OperationFailed that says so.
 */
export async function printDone(print: () => void, done: string): Promise<void> {
  // Instead of the end of the program, which would not tell it.
  using _failure = onOutputFailure(() => {});
  try {
    print();
    await written();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EPIPE') return;
    throw OperationFailed.ofFile(`${done} stdout cannot be written`, error);
  }
}
