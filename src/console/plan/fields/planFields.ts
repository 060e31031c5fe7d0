import type { Weekday } from '../../../model/recurrence/recurrenceRule.js';

/** What the form of a dispatch has in its fields: texts as people type them, and choices. JSON-safe. */
export interface PlanFields {
  readonly type: string;
  /** IANA name of the zone of all times that are typed. */
  readonly zone: string;
  /** `now`, `in 10m`, or a time. */
  readonly start: string;
  /** How a run ends: after a duration, at a time, or not at all. */
  readonly ends: 'duration' | 'time' | 'never';
  readonly duration: string;
  /** A time, or a time of day such as `06:30`: the next one after the start. */
  readonly end: string;
  /** Ids, or categories and types by name. */
  readonly components: string;
  /** A JSON object. */
  readonly payload: string;
  readonly active: boolean;
  readonly dryRun: boolean;
  readonly recurs: boolean;
  /** Whose hours, weekdays and days those of the rule are. A rule in local time is a group of dispatches. */
  readonly clock: 'utc' | 'local';
  readonly frequency: string;
  readonly interval: string;
  readonly minutes: string;
  readonly hours: string;
  readonly weekdays: readonly Weekday[];
  readonly monthDays: string;
  readonly months: string;
  readonly ending: 'never' | 'count' | 'until';
  readonly count: string;
  /** The last time at which a run may start. */
  readonly until: string;
  /** Why, for the audit of the service. */
  readonly note: string;
}

/** The name of a field of the form. */
export type FieldName = keyof PlanFields;

/** What is wrong, by the field beside which it stands; `form`: what concerns none of them. */
export type FieldProblems = { readonly [Field in FieldName | 'form']?: readonly string[] };

/** The fields that a rule is made of. */
export const RULE_FIELDS = [
  'recurs',
  'clock',
  'frequency',
  'interval',
  'minutes',
  'hours',
  'weekdays',
  'monthDays',
  'months',
  'ending',
  'count',
  'until',
] as const satisfies readonly FieldName[];

/** The fields of a new dispatch, in a zone. */
export function emptyFields(zone: string): PlanFields {
  return {
    type: '',
    zone,
    start: 'now',
    ends: 'duration',
    duration: '1h',
    end: '',
    components: '',
    payload: '{}',
    active: true,
    dryRun: false,
    recurs: false,
    clock: 'utc',
    frequency: 'DAILY',
    interval: '1',
    minutes: '',
    hours: '',
    weekdays: [],
    monthDays: '',
    months: '',
    ending: 'never',
    count: '',
    until: '',
    note: '',
  };
}
