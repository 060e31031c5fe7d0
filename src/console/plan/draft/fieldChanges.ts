import type { DispatchChanges } from '../../../client/requests.js';
import type { DispatchRecord } from '../../../model/dispatchRecord.js';
import { type Asked, ignoredFields } from '../../../planning/planNotes.js';
import { type FieldName, type PlanFields, RULE_FIELDS } from '../fields/planFields.js';
import type { PlanValues, ReadFields } from '../fields/readFields.js';

/** What can be changed of a dispatch, and the fields that say it. */
const CHANGEABLE = {
  start: ['start'],
  duration: ['ends', 'duration', 'end'],
  components: ['components'],
  active: ['active'],
  payload: ['payload'],
  rule: RULE_FIELDS,
} as const satisfies { readonly [part: string]: readonly FieldName[] };

/** Whether two forms have the same in a field. */
export function sameField(a: PlanFields, b: PlanFields, field: FieldName): boolean {
  return String(a[field]) === String(b[field]);
}

/** Whether a form has something else in one of some fields. */
export function differs(a: PlanFields, b: PlanFields, fields: readonly FieldName[]): boolean {
  return fields.some(field => !sameField(a, b, field));
}

/**
 * What a form changes of a dispatch: of the fields in which it was edited, those that then mean something else. The others stay as they are,
 * also where the form cannot show them.
 *
 * @param base the fields of the dispatch as it is
 */
export function changesOf(
  record: DispatchRecord,
  base: PlanFields,
  fields: PlanFields,
  values: ReadFields['values'],
): DispatchChanges {
  const edited = (part: keyof typeof CHANGEABLE) => differs(base, fields, CHANGEABLE[part]);
  const startTimeMs = values.start === 'NOW' ? undefined : values.start;
  const isOther = (asked: Asked) => ignoredFields(asked, record).length > 0;
  const take = <Name extends keyof PlanValues & keyof Asked>(part: keyof typeof CHANGEABLE, name: Name) => {
    const value = values[name];
    return value !== undefined && edited(part) && isOther({ [name]: value }) ? { [name]: value } : {};
  };
  return {
    ...(startTimeMs !== undefined &&
      edited('start') &&
      startTimeMs !== record.startTimeMs && { startTime: new Date(startTimeMs) }),
    ...take('duration', 'durationMs'),
    ...take('components', 'selector'),
    ...take('active', 'active'),
    ...take('payload', 'payload'),
    ...take('rule', 'recurrence'),
  };
}
