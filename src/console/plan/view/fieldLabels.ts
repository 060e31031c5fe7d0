import type { FieldName } from '../fields/planFields.js';

/** How people call the fields of a form. */
export const FIELD_LABELS: Readonly<Record<FieldName | 'form', string>> = {
  type: 'Type',
  zone: 'Time zone',
  start: 'Start',
  ends: 'How its runs end',
  duration: 'Duration',
  end: 'End',
  components: 'Components',
  payload: 'Payload',
  active: 'Active',
  dryRun: 'Dry run',
  recurs: 'Repeats',
  clock: 'Clock of the rule',
  frequency: 'Unit',
  interval: 'Interval',
  minutes: 'Minutes',
  hours: 'Hours',
  weekdays: 'Weekdays',
  monthDays: 'Days of the month',
  months: 'Months',
  ending: 'How the rule ends',
  count: 'Number of runs',
  until: 'Last start',
  note: 'Note',
  form: 'Dispatch',
};

/** A value of a field, for people. */
export function valueText(value: string | boolean | readonly string[]): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return (typeof value === 'string' ? value : value.join(', ')) || '(empty)';
}
