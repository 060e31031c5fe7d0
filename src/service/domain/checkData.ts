import { Dispatch, type DispatchData } from '../../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { occurrences } from '../../model/recurrence/recurrence.js';
import type { RecurrenceRule } from '../../model/recurrence/recurrenceRule.js';
import { decodeRecurrenceRule } from '../../wire/recurrenceRuleCodec.js';
import { MAX_SECONDS } from '../../wire/timestampCodec.js';
import { canonicalData } from './canonicalData.js';
import type { DispatchRow } from './dispatchStore.js';
import { invalidField, refuseViolations, type Violation } from './invalidRequest.js';
import { targetKeys } from './targetKeys.js';
import { timestampOfMicros, timestampOfSeconds } from './timestamps.js';
import { type ValidationContext, validateDispatchData } from './validateDispatchData.js';

/** Metadata of a dispatch that the service assigns. */
export interface DispatchStamps {
  readonly id: number;
  /** Microseconds since the epoch. */
  readonly createUs: number;
  /** Microseconds since the epoch. */
  readonly updateUs: number;
}

/**
 * Valid data in the form in which it is stored, with the end of its last run in seconds since the epoch; null when it never ends.
 */
export interface CheckedData {
  readonly data: DispatchData;
  readonly endS: number | null;
}

/**
 * Validates and normalises the data of a request.
 *
 * @param field - the field of the request with the data, for messages.
 * @param before - other violations of the request.
 * @throws DispatchError INVALID_ARGUMENT with all violations.
 */
export function checkData(
  data: DispatchData,
  field: string,
  context: ValidationContext,
  before: Iterable<Violation> = [],
): CheckedData {
  refuseViolations(before, validateDispatchData(data, field, context));
  return completeData(data, field);
}

/**
 * Normalises valid data, and calculates when its last run ends.
 *
 * @param field - the field of the request with the data, for messages.
 * @throws DispatchError INVALID_ARGUMENT when its rule reaches no time from its start on, or its last run ends too late.
 */
export function completeData(data: DispatchData, field: string): CheckedData {
  const canonical = canonicalData(data);
  const startS = startSeconds(canonical);
  const rule = decodeRecurrenceRule(canonical.recurrence, 'recurrence');
  // It would end the task of every Python dispatcher of the microgrid: dateutil throws.
  if (rule && !hasReachableTimes(rule, startS)) {
    throw invalidField(
      `${field}.recurrence`,
      'must reach one of its hours and minutes, counting its interval from start_time',
    );
  }
  const { duration } = canonical;
  const endS = duration === undefined ? null : endOfLastRun(startS, duration, rule);
  const excessS = (endS ?? 0) - Number(MAX_SECONDS);
  if (excessS > 0) {
    const problem = `must be at most ${(duration ?? 0) - excessS}, so that the last run ends within the year 9999`;
    throw invalidField(`${field}.duration`, problem);
  }
  return { data: canonical, endS };
}

/** Creates the row of a dispatch, with its message encoded once for all readers. */
export function storedRow({ id, createUs, updateUs }: DispatchStamps, { data, endS }: CheckedData): DispatchRow {
  const metadata = {
    dispatchId: BigInt(id),
    createTime: timestampOfMicros(createUs),
    updateTime: timestampOfMicros(updateUs),
    endTime: endS === null ? undefined : timestampOfSeconds(endS),
  };
  return {
    id,
    type: data.type,
    startS: startSeconds(data),
    endS,
    active: data.isActive,
    dryRun: data.isDryRun,
    recurring: data.recurrence !== undefined,
    createUs,
    updateUs,
    targetKeys: data.target ? targetKeys(data.target) : [],
    message: Dispatch.encode({ metadata, data }).finish(),
  };
}

/** Whether a rule ever reaches a time of day that it names: one of every two hours may skip all of them. */
function hasReachableTimes(rule: RecurrenceRule, startS: number): boolean {
  const { count, untilMs, byWeekdays, byMonthDays, byMonths, ...times } = rule;
  if (times.frequency !== 'HOURLY' && times.frequency !== 'MINUTELY') return true;
  return occurrences(times, startS * 1000).after(startS * 1000) !== null;
}

/** When the last run ends. A rule without occurrences has no run: such a dispatch ends when it begins. */
function endOfLastRun(startS: number, duration: number, rule: RecurrenceRule | null): number | null {
  if (!rule) return startS + duration;
  const runs = occurrences(rule, startS * 1000);
  if (runs.after(startS * 1000) === null) return startS;
  const endless = rule.count === undefined && rule.untilMs === undefined;
  const lastMs = endless ? null : runs.before(Number.POSITIVE_INFINITY);
  return lastMs === null ? null : lastMs / 1000 + duration;
}

function startSeconds({ startTime }: DispatchData): number {
  return Number(startTime?.seconds ?? 0n);
}
