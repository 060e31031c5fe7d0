import { parseTimeZone } from '../../../planning/text/parseTimeZone.js';
import { attempts } from './attempt.js';
import { localTimeText } from './localTimeText.js';
import { withField } from './mergeFields.js';
import type { FieldName, PlanFields } from './planFields.js';
import { readLocalTime } from './readLocalTime.js';

/** Fields that are times of the zone. */
const TIMES = ['start', 'end', 'until'] as const satisfies readonly FieldName[];

/** A form, and the zone in which its times are written. */
export interface ZonedFields {
  readonly fields: PlanFields;
  /** The last zone of the form that there is. */
  readonly textsZone: string;
}

/**
 * Changes a field of a form. In another zone times are written anew, so that they mean the same instants; those of a rule in local time stay, and
 * mean the same time of the local clock.
 */
export function changeField(
  { fields, textsZone }: ZonedFields,
  field: FieldName,
  value: PlanFields[FieldName],
): ZonedFields {
  const changed = withField(fields, field, value);
  if (field !== 'zone') return { fields: changed, textsZone };
  const zone = attempts().attempt('zone', () => parseTimeZone(changed.zone));
  if (zone === undefined) return { fields: changed, textsZone };
  const isLocal = changed.recurs && changed.clock === 'local';
  return { fields: isLocal ? changed : rewritten(changed, textsZone, zone), textsZone: zone };
}

/** Times that cannot be read, or are none of a zone, stay. */
function rewritten(fields: PlanFields, from: string, to: string): PlanFields {
  const { attempt } = attempts();
  return TIMES.reduce((written, field) => {
    const ms = attempt(field, () => readLocalTime(fields[field], from));
    return ms === undefined ? written : withField(written, field, localTimeText(ms, to));
  }, fields);
}
