import { spanText } from '../../planning/timeText.js';

/** What became of a command. */
export interface CommandOutcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Why it could not be started, if it could not. */
  readonly error?: Error;
}

/** A command of `--run` has failed. */
export class CommandFailed extends Error {
  /** @param retryMs Wait before it is started again, in milliseconds. */
  constructor({ code, signal, error }: CommandOutcome, retryMs: number) {
    const failure =
      error === undefined ? `ended with ${signal ?? `exit code ${code}`}` : `cannot be run: ${error.message}`;
    super(`the command ${failure}; next attempt in ${spanText(retryMs)}`);
  }

  /** The message about the command of a dispatch. */
  textFor(dispatchId: number | undefined): string {
    return this.message.replace('the command', `the command of dispatch ${dispatchId}`);
  }
}
