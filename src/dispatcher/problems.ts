import type { Logger } from '../logger.js';
import { DispatchError } from '../model/dispatchError.js';

/** Options of {@link Problems}. */
interface ProblemsSetup {
  readonly microgridId: number;
  readonly logger: Logger;
  /** Calls the listeners; returns whether there is one. */
  readonly tell: (problem: DispatchError) => boolean;
}

/** Reports the problems of a dispatcher: to its listeners, or to the log when there is none. */
export class Problems {
  readonly #setup: ProblemsSetup;
  #last: DispatchError | undefined;

  constructor(setup: ProblemsSetup) {
    this.#setup = setup;
  }

  report(problem: DispatchError): void {
    this.#last = problem;
    if (!this.#setup.tell(problem)) this.log(problem);
  }

  log(problem: DispatchError): void {
    const { logger, microgridId } = this.#setup;
    logProblem((fields, message) => logger.warn(fields, message), problem, microgridId);
  }

  /** The error when the first sync was not done in time, with the last problem as its cause. */
  late(timeoutMs: number): DispatchError {
    const reason = this.#last === undefined ? '' : `: ${this.#last.message}`;
    const message = `the first sync was not done within ${timeoutMs} ms${reason}`;
    return new DispatchError('DEADLINE_EXCEEDED', message, {
      microgridId: this.#setup.microgridId,
      cause: this.#last,
    });
  }
}

/**
 * Logs a problem with its code and the ids that are known.
 *
 * @param ofMicrogrid the microgrid of the dispatcher, for a problem that does not name one
 */
export function logProblem(warn: Logger['warn'], problem: DispatchError, ofMicrogrid?: number): void {
  const { code, dispatchId, microgridId = ofMicrogrid, message } = problem;
  warn(
    { code, ...(microgridId !== undefined && { microgridId }), ...(dispatchId !== undefined && { dispatchId }) },
    message,
  );
}
