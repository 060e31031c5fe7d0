import type { Clock } from '../protocol/clock.js';
import { type MergeStrategy, mergeNothing } from './mergeStrategy.js';

/** Options of managed actors. */
export interface ManagingOptions {
  /**
   * Which dispatches share one actor: `mergeByType`, `mergeByTypeAndSelector`, `mergeForComponent(component)` or your own.
   * @default each dispatch has an actor of its own
   */
  readonly mergeStrategy?: MergeStrategy | undefined;
  /** Wait in milliseconds before an actor that failed is started again, while its dispatch runs. @default 60_000 */
  readonly retryIntervalMs?: number | undefined;
  /**
   * Time in milliseconds that an actor may take to end once it is sent `dispatch.stopped`; then it is stopped, and that is a problem. 0: it
   * is stopped at once, without an event. @default 0
   */
  readonly stopTimeoutMs?: number | undefined;
  /**
   * What happens to an actor when what is in force changes: it is sent `dispatch.reconfigured`, or stopped and started with the new input,
   * as promises and observables need, which receive no events. @default 'send'
   */
  readonly onReconfigure?: 'send' | 'restart' | undefined;
  /**
   * When an actor that ended is started again, after `retryIntervalMs`: after an error only, or `'always'`. Otherwise an actor that ended
   * has finished its order, until the next change of what is in force. @default 'on-error'
   */
  readonly restart?: 'on-error' | 'always' | undefined;
}

/** {@link ManagingOptions} that are complete. */
export type CheckedOptions = { readonly [Name in keyof ManagingOptions]-?: NonNullable<ManagingOptions[Name]> };

/** The part of the {@link Clock} port that managed actors need. */
export interface ManagingClock extends Pick<Clock, 'setTimer'>, Partial<Pick<Clock, 'nowMs'>> {}

/** Maximum delay of a timer, in milliseconds. */
const maxDelayMs = 2 ** 31 - 1;

/** Fills in the defaults. Throws a RangeError when a span is out of range. */
export function checkedOptions(options: ManagingOptions): CheckedOptions {
  const { retryIntervalMs = 60_000, stopTimeoutMs = 0 } = options;
  checkSpan('retryIntervalMs', retryIntervalMs, 1);
  checkSpan('stopTimeoutMs', stopTimeoutMs, 0);
  const { mergeStrategy = mergeNothing, onReconfigure = 'send', restart = 'on-error' } = options;
  return { mergeStrategy, retryIntervalMs, stopTimeoutMs, onReconfigure, restart };
}

function checkSpan(name: string, ms: number, minMs: number): void {
  if (ms >= minMs && ms <= maxDelayMs) return;
  throw new RangeError(`${name} must be from ${minMs} to 2^31-1 milliseconds, not ${ms}`);
}
