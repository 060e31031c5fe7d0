import type { InspectionEvent, Observer } from 'xstate';
import type { Inspect } from '../../machines/inspect/inspectedActors.js';
import { consoleLogger, type Logger } from '../logger.js';

/**
 * A function of the user's that never throws.
 *
 * @param fail is told what the function threw, or what the promise that it returned was rejected with. It must not throw.
 */
export function guarded<TArgs extends unknown[]>(
  call: (...args: TArgs) => unknown,
  fail: (cause: unknown) => void,
): (...args: TArgs) => void {
  return (...args) => {
    try {
      const outcome = call(...args);
      if (outcome instanceof Promise) outcome.catch(fail);
    } catch (error) {
      fail(error);
    }
  };
}

/** A logger of the user's that never throws: what it fails to log goes to the console, with the failure. */
export function guardedLogger(logger: Logger): Logger {
  const level = (name: keyof Logger) => (fields: object, message: string) =>
    guarded(
      () => logger[name](fields, message),
      loggerError => consoleLogger.error({ ...fields, loggerError }, message),
    )();
  return { debug: level('debug'), info: level('info'), warn: level('warn'), error: level('error') };
}

/**
 * An inspector of the user's that never throws: an exception would end the actor that is being inspected.
 *
 * @param fail is told the first failure: there may be one for each event.
 */
export function guardedInspect(inspect: Inspect, fail: (cause: unknown) => void): Observer<InspectionEvent> {
  let hasFailed = false;
  const failOnce = (cause: unknown) => {
    if (hasFailed) return;
    hasFailed = true;
    fail(cause);
  };
  return { next: guarded(event => (typeof inspect === 'function' ? inspect(event) : inspect.next?.(event)), failOnce) };
}
