import fc from 'fast-check';

import { occurrences } from '../../src/model/recurrence/recurrence.js';
import type { RecurrenceRule } from '../../src/model/recurrence/recurrenceRule.js';
import type { ZonedRule } from '../../src/model/recurrence/zonedRules.js';
import { ruleArbitrary } from '../../src/testing/ruleArbitrary.js';

/** Whole, half and quarter hours from UTC, on both sides of it; with changes of half an hour, of two hours, at midnight, in Ramadan, and over the date line. */
export const ZONES = [
  'Europe/Berlin',
  'Europe/London',
  'America/New_York',
  'America/Sao_Paulo',
  'America/St_Johns',
  'Africa/Casablanca',
  'Africa/Cairo',
  'Antarctica/Troll',
  'Asia/Kolkata',
  'Asia/Kathmandu',
  'Asia/Tehran',
  'Australia/Lord_Howe',
  'Pacific/Apia',
  'Pacific/Chatham',
  'Pacific/Honolulu',
  'UTC',
];

/** The arguments of `zonedRules`. */
export interface ZonedCase {
  readonly rule: RecurrenceRule;
  readonly startTimeMs: number;
  readonly zone: string;
  readonly untilMs: number;
}

const DAY_MS = 86_400_000;
/** An oracle needs seconds for the runs of five years of MINUTELY rules. */
const DAYS = { MINUTELY: 30, HOURLY: 400, DAILY: 1826, WEEKLY: 1826, MONTHLY: 1826, YEARLY: 1826 };

/** Rules in local time from 2010 on: for five years, those with hours and minutes for less. */
export const zonedCase: fc.Arbitrary<ZonedCase> = fc
  .record({
    rule: ruleArbitrary({
      maxInterval: 30,
      weeklyMonthDays: true,
      untilMs: { min: Date.UTC(2010, 0), max: Date.UTC(2032, 0) },
    }),
    startS: fc.integer({ min: Date.UTC(2010, 0) / 1000, max: Date.UTC(2028, 0) / 1000 }),
    zone: fc.constantFrom(...ZONES),
  })
  .map(({ rule, startS, zone }) => {
    const startTimeMs = startS * 1000;
    return { rule, startTimeMs, zone, untilMs: startTimeMs + DAYS[rule.frequency as keyof typeof DAYS] * DAY_MS };
  });

/** All occurrences of UTC rules, milliseconds since the epoch, in order. */
export function allOccurrences(rules: readonly ZonedRule[]): number[] {
  return rules.flatMap(occurrencesOf).sort((a, b) => a - b);
}

function occurrencesOf({ startTimeMs, rule }: ZonedRule): number[] {
  const found = occurrences(rule, startTimeMs);
  const all: number[] = [];
  for (let next = found.after(startTimeMs); next !== null; next = found.after(next, false)) all.push(next);
  return all;
}
