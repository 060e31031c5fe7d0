import type { DispatchData } from '../../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { MAX_SECONDS, timestampProblem } from '../../wire/timestampCodec.js';
import type { Violation } from './invalidRequest.js';
import { payloadViolations } from './payloadViolations.js';
import { ruleViolations } from './ruleViolations.js';
import { targetViolations } from './targetViolations.js';
import { roundedSeconds } from './timestamps.js';

const MAX_TYPE_LENGTH = 256;
/** How far in the past a new start time may lie: what the call may have taken, and the clocks may differ. */
const START_GRACE_S = 5;

/** What validation depends on beside the data. */
export interface ValidationContext {
  /**
   * The time of the service, which a start time may not lie before, in whole seconds since the epoch; null where the start
   * time is not a new one.
   */
  readonly nowS: number | null;
}

/**
 * Everything that is wrong with what a client wants to store. Limits are the contract's; what would end the Python clients
 * of the microgrid (no target, enum numbers they do not know) is refused with the rest.
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
  // PostgreSQL cannot hold it in a text.
  if (type.includes('\0')) return 'must not hold the character U+0000';
  let length = 0;
  for (const _ of type) length += 1;
  return length >= 1 && length <= MAX_TYPE_LENGTH
    ? null
    : `must have 1 to ${MAX_TYPE_LENGTH} characters, not ${length}`;
}

function startTimeProblem({ startTime }: DispatchData, { nowS }: ValidationContext): string | null {
  if (!startTime) return 'must be set';
  const problem = timestampProblem(startTime);
  if (problem !== null) return problem;
  const startS = roundedSeconds(startTime);
  if (startS > MAX_SECONDS) return 'rounded to the second, is not within the years 1 to 9999';
  if (nowS === null || startS >= nowS - START_GRACE_S) return null;
  return `must not lie in the past: it is ${nowS - startS} s before the time of this service`;
}
