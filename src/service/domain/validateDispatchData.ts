import type { DispatchData } from '../../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { MAX_SECONDS, timestampProblem } from '../../wire/timestampCodec.js';
import type { Violation } from './invalidRequest.js';
import { payloadViolations } from './payloadViolations.js';
import { ruleViolations } from './ruleViolations.js';
import { targetViolations } from './targetViolations.js';
import { roundedSeconds } from './timestamps.js';

const MAX_TYPE_LENGTH = 256;
/** How far in the past a new start time may be, for the duration of the call and differences between clocks. */
const START_GRACE_S = 5;

/** What validation needs beside the data. */
export interface ValidationContext {
  /**
   * The time of the service, before which a new start time is refused, in whole seconds since the epoch; null when the start time is
   * not new.
   */
  readonly nowS: number | null;
}

/**
 * Validates the data of a dispatch. Limits are the contract's; data that would end the Python clients of the microgrid (no target,
 * unknown enum numbers) is refused, too.
 *
 * @param field - the path of the data.
 */
export function* validateDispatchData(
  data: DispatchData,
  field: string,
  context: ValidationContext,
): Generator<Violation> {
  const problems = { type: typeProblem(data), start_time: startTimeProblem(data, context) };
  for (const [name, problem] of Object.entries(problems)) {
    if (problem !== null) yield { field: `${field}.${name}`, problem };
  }
  yield* targetViolations(data.target, `${field}.target`);
  yield* payloadViolations(data.payload, `${field}.payload`);
  yield* ruleViolations(data.recurrence, `${field}.recurrence`);
}

function typeProblem({ type }: DispatchData): string | null {
  // PostgreSQL cannot store it in a text.
  if (type.includes('\0')) return 'must not contain the character U+0000';
  let length = 0;
  for (const _ of type) length += 1;
  return length >= 1 && length <= MAX_TYPE_LENGTH
    ? null
    : `must have 1 to ${MAX_TYPE_LENGTH} characters, not ${length}`;
}

/** What is wrong with the start time of data, or null. */
export function startTimeProblem({ startTime }: DispatchData, { nowS }: ValidationContext): string | null {
  if (!startTime) return 'must be set';
  const problem = timestampProblem(startTime);
  if (problem !== null) return problem;
  const startS = roundedSeconds(startTime);
  if (startS > MAX_SECONDS) return 'rounded to the second, is not within the years 1 to 9999';
  if (nowS === null || startS >= nowS - START_GRACE_S) return null;
  return `must not be in the past: it is ${nowS - startS} s before the time of this service`;
}
