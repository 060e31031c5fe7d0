import type { InspectionEvent, Observer } from 'xstate';
import type { Inspect } from '../../machines/inspect/inspectedActors.js';
import { consoleLogger, type Logger } from '../logger.js';
import type { ObserveDispatcher } from '../telemetry/dispatcherObserver.js';

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
  const call = (event: InspectionEvent) => (typeof inspect === 'function' ? inspect(event) : inspect.next?.(event));
  return { next: guarded(call, once(fail)) };
}

/**
 * An observer that never throws: what the program measures with may be of its own.
 *
 * @param fail is told the first failure.
 */
export function guardedObserve(observe: ObserveDispatcher, fail: (cause: unknown) => void): ObserveDispatcher {
  const failOnce = once(fail);
  return dispatcher => {
    try {
      const observer = observe(dispatcher);
      return (
        observer && {
          take: guarded(output => observer.take(output), failOnce),
          problem: guarded(code => observer.problem(code), failOnce),
          coalesced: guarded(slow => observer.coalesced(slow), failOnce),
          restarted: guarded(type => observer.restarted(type), failOnce),
          end: guarded(() => observer.end(), failOnce),
        }
      );
    } catch (error) {
      failOnce(error);
      return undefined;
    }
  };
}

function once(call: (cause: unknown) => void): (cause: unknown) => void {
  let wasCalled = false;
  return cause => {
    if (wasCalled) return;
    wasCalled = true;
    call(cause);
  };
}
