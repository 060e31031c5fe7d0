import { expect } from 'vitest';
import type { DispatchChanges, NewDispatch } from '../../src/client/requests.js';
import type { DispatchRecord } from '../../src/model/dispatchRecord.js';
import { fromNow, later, noRule, type PythonDispatch } from './pythonDispatch.js';

const hourMs = 3_600_000;

/** The start time of the dispatches in these cases, as Python tells it. */
export const start = fromNow(hourMs);

/** The same, as we hold it. */
export const startTime = new Date(start);

/** A rule with something in every part. */
export const fullRule = {
  frequency: 'YEARLY',
  interval: 2,
  count: 3,
  byMinutes: [0, 30],
  byHours: [6],
  byWeekdays: ['MONDAY', 'SUNDAY'],
  byMonthDays: [1, -1],
  byMonths: [2],
} as const;
const fullPythonRule = {
  frequency: 'YEARLY',
  interval: 2,
  end_criteria: { count: 3, until: null },
  byminutes: [0, 30],
  byhours: [6],
  byweekdays: ['MONDAY', 'SUNDAY'],
  bymonthdays: [1, -1],
  bymonths: [2],
};
const noPythonEnd = { count: null, until: null };

/** A dispatch that we create: one run of ten minutes in an hour, but for what a test says. */
export function newDispatch(overrides: Partial<NewDispatch> = {}): NewDispatch {
  return { type: 'INTEROP', startTime, durationMs: 600_000, selector: { ids: [1] }, ...overrides };
}

/** Dispatches that we create, by what they are; what we then read, and what Python holds; both only where it matters. */
export const createCases: readonly [
  name: string,
  creates: Partial<NewDispatch>,
  weRead: Partial<DispatchRecord>,
  pythonHolds: Partial<PythonDispatch>,
][] = [
  ['one run', {}, { durationMs: 600_000, selector: { ids: [1] } }, { duration: 600, target: { ids: [1] } }],
  ['a run without an end', { durationMs: null }, { durationMs: null }, { duration: null }],
  ['a run of no length', { durationMs: 0 }, { durationMs: 0 }, { duration: 0 }],
  ['a dry run', { dryRun: true }, { dryRun: true }, { dry_run: true }],
  ['an inactive dispatch', { active: false }, { active: false }, { active: false }],
  ['a payload', { payload: { a: [1, null] } }, { payload: { a: [1, null] } }, { payload: { a: [1, null] } }],
  ['a rule', { recurrence: fullRule }, { recurrence: fullRule }, { recurrence: fullPythonRule }],
  [
    'a rule with a last instant',
    { recurrence: { frequency: 'HOURLY', interval: 1, untilMs: startTime.getTime() } },
    { recurrence: { frequency: 'HOURLY', interval: 1, untilMs: startTime.getTime() } },
    { recurrence: { ...noRule, frequency: 'HOURLY', interval: 1, end_criteria: { count: null, until: start } } },
  ],
  [
    'a category',
    { selector: { categories: [{ category: 'STEAM_BOILER' }] } },
    { selector: { categories: [{ category: 'STEAM_BOILER' }] } },
    { target: { categories: ['ElectricalComponentCategory.STEAM_BOILER'] } },
  ],
  [
    'types of categories',
    {
      selector: {
        categories: [
          { category: 'BATTERY', battery: 'NA_ION' },
          { category: 'INVERTER', inverter: 'PV' },
        ],
      },
    },
    {
      selector: {
        categories: expect.arrayContaining([
          { category: 'BATTERY', battery: 'NA_ION' },
          { category: 'INVERTER', inverter: 'PV' },
        ]),
      },
    },
    { target: { categories: ['BatteryType.NA_ION', 'InverterType.PV'] } },
  ],
];

/** A dispatch with something in every field that an update can change. */
export const beforeUpdate: Partial<NewDispatch> = { recurrence: fullRule, payload: { old: true } };

/** Updates of {@link beforeUpdate}, by what they change, and what Python then holds in place of the old. */
export const updateCases: readonly [name: string, changes: DispatchChanges, pythonHolds: Partial<PythonDispatch>][] = [
  ['the start time', { startTime: new Date(later(start, hourMs)) }, { start_time: later(start, hourMs) }],
  ['the duration', { durationMs: 1000 }, { duration: 1 }],
  ['the duration, to none', { durationMs: null }, { duration: null }],
  ['the selector', { selector: { ids: [7] } }, { target: { ids: [7] } }],
  ['active', { active: false }, { active: false }],
  ['the payload', { payload: { text: 'new' } }, { payload: { text: 'new' } }],
  [
    'the rule, to one with less in it',
    { recurrence: { frequency: 'DAILY', interval: 1 } },
    { recurrence: { ...noRule, frequency: 'DAILY', interval: 1, end_criteria: noPythonEnd } },
  ],
  ['the rule, to none', { recurrence: null }, { recurrence: { ...noRule, end_criteria: noPythonEnd } }],
  ['nothing', {}, {}],
];
