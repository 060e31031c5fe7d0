import { Dispatch, type DispatchData } from '../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { DispatchError } from '../model/dispatchError.js';
import { occurrences } from '../model/recurrence.js';
import { decodeRecurrenceRule } from '../wire/recurrenceRuleCodec.js';
import { MAX_SECONDS } from '../wire/timestampCodec.js';
import { canonicalData } from './canonicalData.js';
import type { DispatchRow } from './dispatchStore.js';
import { targetKeys } from './targetKeys.js';
import { timestampOfMicros, timestampOfSeconds } from './timestamps.js';
import { type ValidationContext, type Violation, validateDispatchData } from './validateDispatchData.js';

/** Violations that an error message lists; the rest is only counted, since an error has limited room. */
const MAX_LISTED = 20;

/** What the service knows about a dispatch beside its data. */
export interface DispatchStamps {
  readonly id: number;
  /** Microseconds since the epoch. */
  readonly createUs: number;
  /** Microseconds since the epoch. */
  readonly updateUs: number;
}

/**
 * Data that is fit to be stored, in the form in which it is stored, with the end of its last run in seconds since the
 * epoch: null when it never ends.
 */
export interface CheckedData {
  readonly data: DispatchData;
  readonly endS: number | null;
}

/**
 * Checks what a client wants to store.
 *
 * @param field - the field of the request that holds the data, for messages.
 * @throws DispatchError INVALID_ARGUMENT, with everything that is wrong.
 */
export function checkData(data: DispatchData, field: string, context: ValidationContext): CheckedData {
  const violations = validateDispatchData(data, context);
  if (violations.length > 0) throw invalidData(field, violations);
  const canonical = canonicalData(data);
  try {
    const endS = endOfLastRun(canonical);
    if (endS === null || endS <= MAX_SECONDS) return { data: canonical, endS };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw invalidData(field, [{ field: 'recurrence', problem: error.message }]);
  }
  throw invalidData(field, [{ field: 'duration', problem: 'makes the last run end after the year 9999' }]);
}

/** The row of a dispatch, with its message encoded once for all who will read it. */
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

/**
 * When the last run ends. A rule without any occurrence has no run: such a dispatch is over when it begins.
 *
 * @throws RangeError when the rule cannot be evaluated.
 */
function endOfLastRun(data: DispatchData): number | null {
  const { duration } = data;
  const startS = startSeconds(data);
  const rule = decodeRecurrenceRule(data.recurrence, 'recurrence');
  if (!rule) return duration === undefined ? null : startS + duration;
  const runs = occurrences(rule, startS * 1000);
  if (duration === undefined) return null;
  if (runs.after(startS * 1000) === null) return startS;
  const endless = rule.count === undefined && rule.untilMs === undefined;
  const lastMs = endless ? null : runs.before(Number.POSITIVE_INFINITY);
  return lastMs === null ? null : lastMs / 1000 + duration;
}

function startSeconds({ startTime }: DispatchData): number {
  return Number(startTime?.seconds ?? 0n);
}

function invalidData(root: string, violations: readonly Violation[]): DispatchError {
  const listed = violations.slice(0, MAX_LISTED).map(({ field, problem }) => `${root}.${field}: ${problem}`);
  if (violations.length > MAX_LISTED) listed.push(`and ${violations.length - MAX_LISTED} more`);
  return new DispatchError('INVALID_ARGUMENT', listed.join('; '), { field: `${root}.${violations[0]?.field}` });
}
