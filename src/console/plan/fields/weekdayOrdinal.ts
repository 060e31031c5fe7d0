import { type Ordinal, ordinalOf, takesOrdinals } from '../../../model/recurrence/weekdayOrdinals.js';
import { parseMonthDays } from '../../../planning/text/ruleLists.js';
import { attempts } from './attempt.js';
import type { PlanFields } from './planFields.js';

/**
 * Which of its weekdays in a month the rule of a form is about; `each`: all, `days`: those on other days of the month. Null: it has none, or is
 * not about months.
 */
export function weekdayOrdinal({
  frequency,
  months,
  weekdays,
  monthDays,
}: Pick<PlanFields, 'frequency' | 'months' | 'weekdays' | 'monthDays'>): Ordinal | 'each' | 'days' | null {
  if (!takesOrdinals(frequency, months.trim() !== '') || weekdays.length === 0) return null;
  if (monthDays.trim() === '') return 'each';
  const days = attempts().attempt('monthDays', () => parseMonthDays(monthDays));
  return (days && ordinalOf(days)) ?? 'days';
}
