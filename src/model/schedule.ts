import type { DispatchRecord } from './dispatchRecord.js';
import { type Occurrences, occurrences } from './recurrence/recurrence.js';

/** One occurrence of a dispatch with its end: `[startMs, endMs)`. */
export interface Run {
  /** Milliseconds since the epoch. */
  readonly startMs: number;
  /** Milliseconds since the epoch; null when the run has no end. */
  readonly endMs: number | null;
}

/**
 * The run that contains an instant, null when there is none or the dispatch is inactive. When runs overlap, the
 * one with the latest start counts.
 *
 * @throws RangeError when the recurrence rule is invalid.
 */
export function runAt(dispatch: DispatchRecord, atMs: number): Run | null {
  if (!dispatch.active) return null;
  const startMs = startAtOrBefore(dispatch, atMs);
  if (startMs === null) return null;
  const run = runFrom(dispatch, startMs);
  return run.endMs === null || atMs < run.endMs ? run : null;
}

/** The run that begins at `startMs`, which must be one of the dispatch's starts. */
export function runFrom(dispatch: DispatchRecord, startMs: number): Run {
  if (dispatch.durationMs === null) return { startMs, endMs: null };
  // A first run that begins within its second still ends a duration after the occurrence, which has no fraction.
  const occurrenceMs = recurs(dispatch) ? floorToSecond(startMs) : startMs;
  return { startMs, endMs: Math.max(startMs, occurrenceMs + dispatch.durationMs) };
}

/**
 * The first start at or after an instant, null when none is left. Ignores whether the dispatch is active.
 *
 * @throws RangeError when the recurrence rule is invalid.
 */
export function startAtOrAfter(dispatch: DispatchRecord, atMs: number): number | null {
  const { startTimeMs } = dispatch;
  const calculator = calculatorOf(dispatch);
  if (calculator === null) return atMs <= startTimeMs ? startTimeMs : null;
  const occurrenceMs = calculator.after(atMs <= startTimeMs ? floorToSecond(startTimeMs) : atMs);
  return occurrenceMs === null ? null : Math.max(occurrenceMs, startTimeMs);
}

/**
 * The latest start at or before an instant, null when none has come. Ignores whether the dispatch is active.
 *
 * @throws RangeError when the recurrence rule is invalid.
 */
export function startAtOrBefore(dispatch: DispatchRecord, atMs: number): number | null {
  const { startTimeMs } = dispatch;
  if (atMs < startTimeMs) return null;
  const calculator = calculatorOf(dispatch);
  if (calculator === null) return startTimeMs;
  const occurrenceMs = calculator.before(atMs);
  return occurrenceMs === null ? null : Math.max(occurrenceMs, startTimeMs);
}

/**
 * The starts s with `fromMs <= s < toMs`, in order, lazily.
 *
 * @throws RangeError when the recurrence rule is invalid.
 */
export function* startsBetween(dispatch: DispatchRecord, fromMs: number, toMs: number): Generator<number, void, void> {
  let startMs = startAtOrAfter(dispatch, fromMs);
  while (startMs !== null && startMs < toMs) {
    yield startMs;
    startMs = startAtOrAfter(dispatch, startMs + 1);
  }
}

/**
 * The runs that touch `[fromMs, toMs)`, in order of their start, lazily: the one that contains `fromMs`, then each that
 * starts before `toMs`. An inactive dispatch has none.
 *
 * @throws RangeError when the recurrence rule is invalid.
 */
export function* runsBetween(dispatch: DispatchRecord, fromMs: number, toMs: number): Generator<Run, void, void> {
  if (!dispatch.active) return;
  const present = runAt(dispatch, fromMs);
  if (present !== null && present.startMs < fromMs && fromMs < toMs) yield present;
  for (const startMs of startsBetween(dispatch, fromMs, toMs)) yield runFrom(dispatch, startMs);
}

/**
 * Checks that the schedule of a dispatch can be calculated.
 *
 * @throws RangeError when the recurrence rule is invalid; the message names the field.
 */
export function assertEvaluable(dispatch: DispatchRecord): void {
  calculatorOf(dispatch);
}

// Records are immutable, so results can be cached as long as the record lives.
const calculators = new WeakMap<DispatchRecord, Occurrences>();

/** Null for a dispatch that runs once. */
function calculatorOf(dispatch: DispatchRecord): Occurrences | null {
  if (!recurs(dispatch)) return null;
  let calculator = calculators.get(dispatch);
  if (calculator === undefined) {
    calculator = occurrences(dispatch.recurrence, dispatch.startTimeMs);
    calculators.set(dispatch, calculator);
  }
  return calculator;
}

/** Without a duration a recurring dispatch runs once, from its start time. */
function recurs(dispatch: DispatchRecord): dispatch is DispatchRecord & { recurrence: object } {
  return dispatch.recurrence !== null && dispatch.durationMs !== null;
}

function floorToSecond(ms: number): number {
  return Math.floor(ms / 1000) * 1000;
}
