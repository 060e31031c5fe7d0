import type { RecurrenceRule } from '../model/recurrence/recurrenceRule.js';
import type { ListOptions, NewDispatch } from './requests.js';

type FieldsOf<T> = { readonly [field in keyof Required<T>]: true };

/** The fields of a new dispatch. */
export const dispatchFields: FieldsOf<NewDispatch> = {
  type: true,
  startTime: true,
  durationMs: true,
  selector: true,
  payload: true,
  active: true,
  dryRun: true,
  recurrence: true,
};

/** The fields of a recurrence rule. */
export const ruleFields: FieldsOf<RecurrenceRule> = {
  frequency: true,
  interval: true,
  count: true,
  untilMs: true,
  byMinutes: true,
  byHours: true,
  byWeekdays: true,
  byMonthDays: true,
  byMonths: true,
};

/** The filters and the order of a list. */
export const listFields: FieldsOf<ListOptions> = {
  selectors: true,
  active: true,
  dryRun: true,
  recurring: true,
  startFrom: true,
  startTo: true,
  endFrom: true,
  endTo: true,
  updateFrom: true,
  updateTo: true,
  ids: true,
  queries: true,
  sort: true,
  pageSize: true,
};

/**
 * Refuses a field that is not known, such as a misspelled one, of which the service would never hear.
 *
 * @param path what its name begins with in the message
 * @throws RangeError that names it.
 */
export function checkFields(value: object, known: object, path: string): void {
  for (const [field, given] of Object.entries(value)) {
    if (given !== undefined && !Object.hasOwn(known, field))
      throw new RangeError(`${path}${field} is no field; there are ${Object.keys(known).join(', ')}`);
  }
}
