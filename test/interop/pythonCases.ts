import { expect } from 'vitest';
import type { DispatchRecord } from '../../src/model/dispatchRecord.js';
import { fromNow, later, type NewPythonDispatch, noRule, type PythonDispatch } from './pythonDispatch.js';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const runMs = 600_000;

/** The start time of the dispatches in these cases; their runs last ten minutes. */
export const startTime = fromNow(hourMs);

const payload = { text: 'ü', number: -1.5, list: [1, 'two', null, { deep: true }], none: null };
const until = later(startTime, 5 * hourMs);

/** A dispatch that Python creates, what Python then reads, and what we read; both only where it matters. */
export interface CreateCase {
  readonly creates: NewPythonDispatch;
  readonly reads: Partial<PythonDispatch>;
  readonly weRead: Partial<DispatchRecord>;
}

/** Dispatches that Python creates, by what they are. */
export const createCases: { readonly [name: string]: CreateCase } = {
  'one run': {
    creates: {},
    reads: { duration: 600, target: { ids: [1] }, end_time: later(startTime, runMs) },
    weRead: { durationMs: runMs, selector: { ids: [1] }, endTimeMs: Date.parse(startTime) + runMs },
  },
  'a run without an end': {
    creates: { duration: null },
    reads: { duration: null, end_time: null },
    weRead: { durationMs: null, endTimeMs: null },
  },
  'a run of no length': {
    creates: { duration: 0 },
    reads: { duration: 0, end_time: startTime },
    weRead: { durationMs: 0 },
  },
  'several component ids': {
    creates: { target: { ids: [3, 1, 2] } },
    reads: { target: { ids: [1, 2, 3] } },
    weRead: { selector: { ids: expect.arrayContaining([1, 2, 3]) } },
  },
  'categories and types': {
    creates: {
      target: {
        categories: [
          'ElectricalComponentCategory.STEAM_BOILER',
          'ElectricalComponentCategory.METER',
          'BatteryType.LI_ION',
          'InverterType.SOLAR',
          'EvChargerType.DC',
        ],
      },
    },
    reads: {
      target: {
        categories: [
          'BatteryType.LI_ION',
          'ElectricalComponentCategory.METER',
          'ElectricalComponentCategory.STEAM_BOILER',
          'EvChargerType.DC',
          'InverterType.PV',
        ],
      },
    },
    weRead: {
      selector: {
        categories: expect.arrayContaining([
          { category: 'METER' },
          { category: 'STEAM_BOILER' },
          { category: 'BATTERY', battery: 'LI_ION' },
          { category: 'INVERTER', inverter: 'PV' },
          { category: 'EV_CHARGER', evCharger: 'DC' },
        ]),
      },
    },
  },
  'a dry run': { creates: { dry_run: true }, reads: { dry_run: true }, weRead: { dryRun: true } },
  'an inactive dispatch': { creates: { active: false }, reads: { active: false }, weRead: { active: false } },
  'a payload': { creates: { payload }, reads: { payload }, weRead: { payload } },
  'a rule with a count': {
    creates: { recurrence: { frequency: 'DAILY', interval: 2, end_criteria: { count: 3 } } },
    reads: {
      recurrence: { ...noRule, frequency: 'DAILY', interval: 2, end_criteria: { count: 3, until: null } },
      end_time: later(startTime, 4 * dayMs + runMs),
    },
    weRead: { recurrence: { frequency: 'DAILY', interval: 2, count: 3 } },
  },
  'a rule with a last instant': {
    creates: { recurrence: { frequency: 'HOURLY', interval: 1, end_criteria: { until } } },
    reads: {
      recurrence: { ...noRule, frequency: 'HOURLY', interval: 1, end_criteria: { count: null, until } },
      end_time: later(until, runMs),
    },
    weRead: { recurrence: { frequency: 'HOURLY', interval: 1, untilMs: Date.parse(until) } },
  },
  'a rule with minutes, hours and weekdays': {
    creates: {
      recurrence: {
        frequency: 'WEEKLY',
        interval: 1,
        byminutes: [0, 30],
        byhours: [6],
        byweekdays: ['MONDAY', 'SUNDAY'],
      },
    },
    reads: {
      recurrence: {
        ...noRule,
        frequency: 'WEEKLY',
        interval: 1,
        byminutes: [0, 30],
        byhours: [6],
        byweekdays: ['MONDAY', 'SUNDAY'],
      },
      end_time: null,
    },
    weRead: {
      recurrence: {
        frequency: 'WEEKLY',
        interval: 1,
        byMinutes: [0, 30],
        byHours: [6],
        byWeekdays: ['MONDAY', 'SUNDAY'],
      },
    },
  },
  'a rule with days and months': {
    creates: { recurrence: { frequency: 'YEARLY', interval: 1, bymonthdays: [1, -1], bymonths: [3, 9] } },
    reads: { recurrence: { ...noRule, frequency: 'YEARLY', interval: 1, bymonthdays: [1, -1], bymonths: [3, 9] } },
    weRead: { recurrence: { frequency: 'YEARLY', interval: 1, byMonthDays: [1, -1], byMonths: [3, 9] } },
  },
};

/** With any start, each interval here and in the cases comes to each hour: others are refused for some starts. */
export const fullRule = {
  frequency: 'DAILY',
  interval: 5,
  end_criteria: { count: 3, until: null },
  byminutes: [0],
  byhours: [6],
  byweekdays: ['FRIDAY'],
  bymonthdays: [1],
  bymonths: [2],
};

/** New fields for a dispatch with a full rule, and what Python then reads in place of the old. */
export interface UpdateCase {
  readonly fields: { readonly [field: string]: unknown };
  readonly reads: Partial<PythonDispatch>;
}

/** A dispatch with something in every field that an update can change. */
export const beforeUpdate: NewPythonDispatch = {
  start_time: startTime,
  target: { ids: [1, 2] },
  payload: { setpoint: 1 },
  recurrence: fullRule,
};

/** Updates of {@link beforeUpdate}, by what they change. */
export const updateCases: { readonly [name: string]: UpdateCase } = {
  'the start time': { fields: { start_time: until }, reads: { start_time: until } },
  'the duration': { fields: { duration: 1200 }, reads: { duration: 1200 } },
  'the duration, to none': { fields: { duration: null }, reads: { duration: null } },
  'the target, to other ids': { fields: { target: { ids: [7] } }, reads: { target: { ids: [7] } } },
  'the target, to categories': {
    fields: { target: { categories: ['EvChargerType.AC'] } },
    reads: { target: { categories: ['EvChargerType.AC'] } },
  },
  active: { fields: { active: false }, reads: { active: false } },
  'active, by its name on the wire': { fields: { is_active: false }, reads: { active: false } },
  'the payload': { fields: { payload: { text: 'new' } }, reads: { payload: { text: 'new' } } },
  'the payload, to nothing': { fields: { payload: {} }, reads: { payload: {} } },
  'several fields': {
    fields: { duration: 1, active: false, 'recurrence.interval': 1, 'recurrence.byhours': [] },
    reads: { duration: 1, active: false, recurrence: { ...fullRule, interval: 1, byhours: [] } },
  },
  'no field': { fields: {}, reads: {} },
  'the rule, to none': { fields: { 'recurrence.frequency': 'UNSPECIFIED' }, reads: { recurrence: noRule } },
  ...ruleCases({
    frequency: 'HOURLY',
    interval: 11,
    end_criteria: { count: 4, until: null },
    byminutes: [15, 45],
    byhours: [0, 23],
    byweekdays: ['SATURDAY', 'SUNDAY'],
    bymonthdays: [31, -31],
    bymonths: [1, 12],
  }),
  'recurrence.freq': {
    fields: { 'recurrence.freq': 'MONTHLY' },
    reads: { recurrence: { ...fullRule, frequency: 'MONTHLY' } },
  },
  'recurrence.end_criteria, to an instant': {
    fields: { 'recurrence.end_criteria': { until } },
    reads: { recurrence: { ...fullRule, end_criteria: { count: null, until } } },
  },
  'recurrence.end_criteria, to none': {
    fields: { 'recurrence.end_criteria': {} },
    reads: { recurrence: { ...fullRule, end_criteria: null } },
  },
};

function ruleCases(rule: typeof fullRule): { [name: string]: UpdateCase } {
  const entries = Object.entries(rule).map(([field, value]): [string, UpdateCase] => [
    `recurrence.${field}`,
    { fields: { [`recurrence.${field}`]: value }, reads: { recurrence: { ...fullRule, [field]: value } } },
  ]);
  return Object.fromEntries(entries);
}
