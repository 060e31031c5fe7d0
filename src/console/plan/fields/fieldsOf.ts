import prettyMs from 'pretty-ms';

import type { DispatchRecord, JsonObject } from '../../../model/dispatchRecord.js';
import { WEEKDAYS } from '../../../model/recurrence/checkRule.js';
import type { RecurrenceRule } from '../../../model/recurrence/recurrenceRule.js';
import { type Group, timeOfDay } from '../../../planning/groups/group.js';
import { selectorToText } from '../../../planning/selectorText.js';
import { localTimeText } from './localTimeText.js';
import { emptyFields, type PlanFields } from './planFields.js';
import type { PlanSubject } from './planSubject.js';

/**
 * The fields that say what a subject is, with times in a zone: reading them gives it again. A rule in local time keeps its own zone.
 *
 * Numbers that the protocol has no name for are shown as they are.
 */
export function fieldsOf(subject: PlanSubject, zone: string): PlanFields {
  if (subject.kind === 'new') return emptyFields(zone);
  if (subject.kind === 'dispatch') return recordFields(subject.record, zone);
  const { group, common } = subject.live;
  return { ...groupFields(group, group.zone ?? zone), ...commonFields(common) };
}

function recordFields(record: DispatchRecord, zone: string): PlanFields {
  return {
    ...emptyFields(zone),
    ...commonFields(record),
    start: localTimeText(record.startTimeMs, zone),
    ...(record.durationMs === null
      ? { ends: 'never', duration: '' }
      : { ends: 'duration', duration: durationText(record.durationMs) }),
    recurs: record.recurrence !== null,
    ...(record.recurrence !== null && ruleFields(record.recurrence, zone)),
  };
}

function groupFields(group: Group, zone: string): PlanFields {
  const { rule, startTimeMs, untilMs, durationMs, toMinute } = group;
  return {
    ...emptyFields(zone),
    start: localTimeText(startTimeMs, zone),
    ...(toMinute === null ? {} : { ends: 'time', end: timeOfDay(toMinute) }),
    duration: durationText(durationMs),
    recurs: true,
    clock: group.zone === null ? 'utc' : 'local',
    ...ruleFields(untilMs === null ? rule : { ...rule, untilMs }, zone),
  };
}

function commonFields({
  type,
  selector,
  payload,
  active,
  dryRun,
}: Pick<DispatchRecord, 'type' | 'selector' | 'payload' | 'active' | 'dryRun'>) {
  return { type, components: selectorToText(selector), payload: payloadText(payload), active, dryRun };
}

function ruleFields(rule: RecurrenceRule, zone: string): Partial<PlanFields> {
  const { frequency, interval, count, untilMs, byMinutes, byHours, byWeekdays = [], byMonthDays, byMonths } = rule;
  return {
    frequency: String(frequency),
    interval: String(interval),
    minutes: listText(byMinutes),
    hours: listText(byHours),
    weekdays: WEEKDAYS.filter(day => byWeekdays.includes(day)),
    monthDays: listText(byMonthDays),
    months: listText(byMonths),
    ...(count !== undefined && { ending: 'count', count: String(count) }),
    ...(untilMs !== undefined && { ending: 'until', until: localTimeText(untilMs, zone) }),
  };
}

function listText(values: readonly number[] = []): string {
  return values.join(', ');
}

function payloadText(payload: JsonObject): string {
  return JSON.stringify(payload, null, 2);
}

/** Formats a duration in whole seconds so that it is read as the same: without years, whose length varies. */
function durationText(durationMs: number): string {
  return durationMs === 0 ? '0s' : prettyMs(durationMs, { hideYear: true });
}
