import { offsetAt } from '../../model/recurrence/localTime.js';
import type { RecurrenceRule } from '../../model/recurrence/recurrenceRule.js';

/**
 * Tells that a rule with hours and without minutes takes the minute of its start: none when that is the full hour.
 *
 * @param rule as it was given; undefined or null: none was.
 * @param zone null: UTC
 */
export function minuteNotes(
  rule: RecurrenceRule | null | undefined,
  startTimeMs: number,
  zone: string | null,
): string[] {
  if (!rule?.byHours?.length || rule.byMinutes?.length) return [];
  // These do not take it.
  if (rule.frequency === 'HOURLY' || rule.frequency === 'MINUTELY') return [];
  const minute = new Date(startTimeMs + offsetAt(zone ?? 'UTC', startTimeMs)).getUTCMinutes();
  return minute === 0
    ? []
    : [`The runs start at minute ${minute} of the hour, as the start time does: --by-minute sets another.`];
}
