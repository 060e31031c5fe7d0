import type { FieldName } from './planFields.js';

/** Fields of the form by the last names of a path, in the protocol's names and in those of this package. */
const FIELDS: readonly (readonly [RegExp, FieldName])[] = [
  [/^type\b/, 'type'],
  [/^start_?time\b/i, 'start'],
  [/^duration(?:ms)?\b/i, 'duration'],
  [/^(?:target|selector)\b/, 'components'],
  [/^(?:a key of )?payload\b/, 'payload'],
  [/^(?:is_)?active\b/, 'active'],
  [/^(?:is_)?dry_?run\b/i, 'dryRun'],
  [/^(?:recurrence\.)?freq(?:uency)?\b/, 'frequency'],
  [/^(?:recurrence\.)?interval\b/, 'interval'],
  [/^(?:recurrence\.)?(?:end_criteria\.)?count\b/, 'count'],
  [/^(?:recurrence\.)?(?:end_criteria\.)?until(?:_time|ms)?\b/i, 'until'],
  [/^(?:recurrence\.)?by_?minutes\b/i, 'minutes'],
  [/^(?:recurrence\.)?by_?hours\b/i, 'hours'],
  [/^(?:recurrence\.)?by_?weekdays\b/i, 'weekdays'],
  [/^(?:recurrence\.)?by_?monthdays\b/i, 'monthDays'],
  [/^(?:recurrence\.)?by_?months\b/i, 'months'],
  [/^recurrence\b/, 'recurs'],
];

/** Where the data of a request begin. */
const REQUEST = /^(?:dispatch_data|update)\./;

/**
 * The field of the form that a path means, such as `dispatch_data.recurrence.byhours[2]` of a service's violation, or `selector.ids[0]` of an
 * encoder's; `form` when it means none.
 */
export function fieldOfPath(path: string): FieldName | 'form' {
  const rest = path.replace(REQUEST, '');
  return FIELDS.find(([pattern]) => pattern.test(rest))?.[1] ?? 'form';
}
