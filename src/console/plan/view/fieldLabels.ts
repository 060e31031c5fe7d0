import type { FieldName } from '../fields/planFields.js';

/** The labels of the fields of a form, in its order. */
export const FIELD_LABELS: Readonly<Record<FieldName | 'form', string>> = {
  type: 'Type',
  components: 'Components',
  payload: 'Payload',
  active: 'Active',
  dryRun: 'Dry run',
  zone: 'Time zone',
  start: 'Start',
  ends: 'Its runs end',
  duration: 'Duration',
  end: 'End',
  recurs: 'Repeats',
  interval: 'every',
  frequency: 'unit',
  clock: 'by the clock of',
  hours: 'in the hours',
  minutes: 'at the minutes',
  weekdays: 'on the weekdays',
  monthDays: 'on the days of the month',
  months: 'in the months',
  ending: 'ends',
  count: 'number of runs',
  until: 'last start',
  note: 'Note',
  form: 'Dispatch',
};

/** A value of a field, for people. */
export function valueText(value: string | boolean | readonly string[]): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return (typeof value === 'string' ? value : value.join(', ')) || '(empty)';
}
