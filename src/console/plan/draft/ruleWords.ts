import type { RecurrenceRule } from '../../../model/recurrence/recurrenceRule.js';
import { ruleToText } from '../../../model/recurrence/ruleText.js';

/** A rule in words; null: there is none, or it cannot be evaluated, as other services may store one. */
export function ruleWords(rule: RecurrenceRule | null): string | null {
  if (rule === null) return null;
  try {
    return ruleToText(rule);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}
