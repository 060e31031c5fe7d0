import { localTimeNotes } from '../../../planning/localTimeNotes.js';
import { readIsoTime, splitZone } from '../../../planning/text/isoTime.js';
import { parseTimeZone } from '../../../planning/text/parseTimeZone.js';
import { attempts } from './attempt.js';
import type { FieldName, PlanFields } from './planFields.js';
import { readFields } from './readFields.js';

/** What people may not expect of what they typed, by field. */
export type FieldNotes = { readonly [Field in FieldName]?: readonly string[] };

/** Tells of what was typed what it means where that is not plain: times that a zone skips or has twice, and an end that leaves no run. */
export function fieldNotes(fields: PlanFields, nowMs: number): FieldNotes {
  const { ends, recurs, ending } = fields;
  const hasUntil = recurs && ending === 'until';
  return {
    start: timeNotes('start', fields),
    ...(ends === 'time' && { end: timeNotes('end', fields) }),
    ...(hasUntil && { until: [...timeNotes('until', fields), ...endNotes(fields, nowMs)] }),
  };
}

function timeNotes(field: 'start' | 'end' | 'until', fields: PlanFields): string[] {
  const { attempt } = attempts();
  const zone = attempt('zone', () => parseTimeZone(fields.zone));
  const split = attempt(field, () => splitZone(fields[field].trim()));
  if (zone === undefined || split === undefined) return [];
  const read = readIsoTime(split.local, split.zone ?? zone);
  if (read === null || read.zone === null || Number.isNaN(read.ms)) return [];
  // Of a day, the last start is its last second.
  return field === 'until' && read.isDay ? [] : localTimeNotes(read.zone, read.ms);
}

function endNotes(fields: PlanFields, nowMs: number): string[] {
  const { start, recurrence, isLocal } = readFields(fields, nowMs).values;
  const untilMs = recurrence?.untilMs;
  // A rule in local time is refused with it.
  if (start === undefined || untilMs === undefined || isLocal) return [];
  return untilMs < (start === 'NOW' ? nowMs : start) ? ['It never runs: this is before the start.'] : [];
}
