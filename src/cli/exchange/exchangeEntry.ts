import type { DispatchRecord } from '../../model/dispatchRecord.js';
import { UsageError } from '../input/usageError.js';

/** What a planner gives of a dispatch; the rest is the service's. */
export type DispatchPlan = Pick<
  DispatchRecord,
  'type' | 'startTimeMs' | 'durationMs' | 'selector' | 'active' | 'dryRun' | 'payload' | 'recurrence'
>;

/** A dispatch in a file, or why it cannot be imported. */
export type ExchangeEntry =
  | { readonly source: string; readonly plan: DispatchPlan }
  | { readonly source: string; readonly refusal: string };

/** Takes the plan of a dispatch. */
export function planOf({
  type,
  startTimeMs,
  durationMs,
  selector,
  active,
  dryRun,
  payload,
  recurrence,
}: DispatchPlan): DispatchPlan {
  return { type, startTimeMs, durationMs, selector, active, dryRun, payload, recurrence };
}

/**
 * Reads an entry of a file.
 *
 * @param source Where the entry is in its file, such as `line 3`.
 * @param read Returns the plan, or throws a RangeError, or a UsageError, that says what cannot be imported.
 */
export function readEntry(source: string, read: () => DispatchPlan): ExchangeEntry {
  try {
    return { source, plan: read() };
  } catch (error) {
    if (error instanceof RangeError || error instanceof UsageError) return { source, refusal: error.message };
    throw error;
  }
}
