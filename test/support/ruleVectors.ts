import type { RecurrenceRule, Weekday } from '../../src/model/recurrence/recurrenceRule.js';
import { readVectors } from './vectors.js';

/** One rule with the answers that python-dateutil gives. */
export interface RuleCase {
  readonly rule: RecurrenceRule;
  readonly startMs: number;
  /** Whether python-dateutil refuses the rule because nothing can match it. */
  readonly impossible: boolean;
  /** The first occurrences, at most three. */
  readonly first: readonly number[];
  readonly queries: readonly RuleQuery[];
}

/** One search for an occurrence. */
export interface RuleQuery {
  readonly op: 'after' | 'before';
  readonly tMs: number;
  readonly inclusive: boolean;
  readonly expected: number | null;
}

interface VectorLine {
  readonly rule: {
    readonly freq: Exclude<RecurrenceRule['frequency'], number>;
    readonly interval: number;
    readonly count?: number;
    readonly until?: string;
    readonly byminutes?: readonly number[];
    readonly byhours?: readonly number[];
    readonly byweekdays?: readonly string[];
    readonly bymonthdays?: readonly number[];
    readonly bymonths?: readonly number[];
  };
  readonly dtstart: string;
  readonly first?: readonly string[];
  readonly oracleError?: string;
  readonly queries: readonly {
    readonly op: 'after' | 'before';
    readonly t: string;
    readonly inc?: boolean;
    readonly expected: string | null;
  }[];
}

/** The rules of `test/vectors/recurrence.jsonl.gz`. */
export function readRuleCases(): RuleCase[] {
  return readVectors<VectorLine>('recurrence.jsonl.gz').map(({ rule, dtstart, first = [], oracleError, queries }) => ({
    rule: {
      frequency: rule.freq,
      interval: rule.interval,
      ...(rule.count !== undefined && { count: rule.count }),
      ...(rule.until !== undefined && { untilMs: Date.parse(rule.until) }),
      ...(rule.byminutes && { byMinutes: rule.byminutes }),
      ...(rule.byhours && { byHours: rule.byhours }),
      ...(rule.byweekdays && { byWeekdays: rule.byweekdays.map(weekdayOf) }),
      ...(rule.bymonthdays && { byMonthDays: rule.bymonthdays }),
      ...(rule.bymonths && { byMonths: rule.bymonths }),
    },
    startMs: Date.parse(dtstart),
    impossible: oracleError !== undefined,
    first: first.map(text => Date.parse(text)),
    queries: queries.map(({ op, t, inc = true, expected }) => ({
      op,
      tMs: Date.parse(t),
      inclusive: inc,
      expected: expected === null ? null : Date.parse(expected),
    })),
  }));
}

const WEEKDAYS: Readonly<Record<string, Weekday>> = {
  MO: 'MONDAY',
  TU: 'TUESDAY',
  WE: 'WEDNESDAY',
  TH: 'THURSDAY',
  FR: 'FRIDAY',
  SA: 'SATURDAY',
  SU: 'SUNDAY',
};

function weekdayOf(name: string): Weekday {
  const weekday = WEEKDAYS[name];
  if (weekday === undefined) throw new Error(`unknown weekday ${name}`);
  return weekday;
}
