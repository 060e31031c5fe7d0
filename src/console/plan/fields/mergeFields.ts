import { sameField } from '../draft/fieldChanges.js';
import type { FieldName, PlanFields } from './planFields.js';

/** A field that two people changed, to something else each. */
export interface FieldConflict {
  readonly field: FieldName;
  readonly base: PlanFields[FieldName];
  readonly mine: PlanFields[FieldName];
  readonly theirs: PlanFields[FieldName];
}

/** A form put together with what somebody else saved meanwhile. */
export interface MergedFields {
  /** With my own values where there is a conflict. */
  readonly fields: PlanFields;
  /** Fields that only the other one changed: they are taken. */
  readonly taken: readonly FieldName[];
  readonly conflicts: readonly FieldConflict[];
}

/**
 * Puts a form together with what somebody else saved since it was opened.
 *
 * @param base what was there when the form was opened
 * @param mine what the form has
 * @param theirs what is there now; all with times in the same zone
 */
export function mergeFields(base: PlanFields, mine: PlanFields, theirs: PlanFields): MergedFields {
  const changed = (Object.keys(base) as FieldName[]).filter(
    field => field !== 'note' && !sameField(base, theirs, field) && !sameField(mine, theirs, field),
  );
  const taken = changed.filter(field => sameField(base, mine, field));
  const fields = taken.reduce((merged, field) => withField(merged, field, theirs[field]), mine);
  const conflicts = changed
    .filter(field => !taken.includes(field))
    .map(field => ({ field, base: base[field], mine: mine[field], theirs: theirs[field] }));
  return { fields, taken, conflicts };
}

/** A form with another value in a field. */
export function withField(fields: PlanFields, field: FieldName, value: PlanFields[FieldName]): PlanFields {
  return { ...fields, [field]: value };
}
