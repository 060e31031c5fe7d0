import type { DispatchRecord } from '../../src/model/dispatchRecord.js';
import { daily, dayMs, dispatchRecord, hourMs, minuteMs, monday10Ms } from '../support/dispatchRecord.js';

const midnightMs = monday10Ms - 10 * hourMs;

/** The dispatches of a microgrid with some of everything that a console must show. */
export function sampleDispatches(microgridId = 1): DispatchRecord[] {
  const overrides: Partial<DispatchRecord>[] = [
    {
      type: 'CHARGE',
      selector: { ids: [5, 6] },
      startTimeMs: midnightMs - 30 * dayMs + 2 * hourMs,
      durationMs: 3 * hourMs,
      recurrence: daily(),
      payload: { target_power_w: -20_000, soc_limit: 0.9 },
    },
    {
      type: 'DISCHARGE',
      selector: { ids: [5, 6] },
      startTimeMs: midnightMs - 30 * dayMs + 9 * hourMs + 30 * minuteMs,
      durationMs: 90 * minuteMs,
      recurrence: daily({ byWeekdays: ['MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY'] }),
      payload: { target_power_w: 15_000 },
    },
    {
      type: 'DISCHARGE',
      selector: { ids: [6, 5] },
      startTimeMs: midnightMs + 10 * hourMs + 20 * minuteMs,
      durationMs: 30 * minuteMs,
      payload: { target_power_w: 30_000, reason: 'peak of the morning' },
    },
    {
      type: 'FCR',
      selector: { categories: [{ category: 'BATTERY', battery: 'LI_ION' }] },
      startTimeMs: midnightMs - 8 * dayMs + 12 * hourMs,
      durationMs: 4 * hourMs,
      recurrence: daily(),
    },
    {
      type: 'LIMIT_FEED_IN',
      selector: { categories: [{ category: 'INVERTER', inverter: 'PV' }] },
      startTimeMs: midnightMs + 11 * hourMs,
      durationMs: 2 * hourMs,
      recurrence: { frequency: 'WEEKLY', interval: 1, byWeekdays: ['MONDAY', 'SUNDAY'] },
      payload: { limit_w: 40_000 },
    },
    {
      type: 'EV_CHARGING',
      selector: { categories: [{ category: 'EV_CHARGER' }] },
      startTimeMs: midnightMs - 3 * dayMs + 18 * hourMs,
      durationMs: 5 * hourMs,
      recurrence: daily(),
      dryRun: true,
    },
    {
      type: 'EV_CHARGING',
      selector: { ids: [31, 32, 33] },
      startTimeMs: midnightMs + 9 * hourMs + 45 * minuteMs,
      durationMs: 75 * minuteMs,
    },
    {
      type: 'METER_CHECK',
      selector: { ids: [2] },
      startTimeMs: midnightMs - 20 * dayMs,
      durationMs: 5 * minuteMs,
      recurrence: { frequency: 'MINUTELY', interval: 20 },
    },
    {
      type: 'HEATING',
      selector: { categories: [{ category: 'HVAC' }] },
      startTimeMs: midnightMs - 2 * dayMs + 6 * hourMs,
      durationMs: 2 * hourMs,
      recurrence: daily(),
      active: false,
    },
    {
      type: 'STAND_BY',
      selector: { ids: [40] },
      startTimeMs: midnightMs - dayMs,
      durationMs: null,
    },
    {
      type: 'TEST_ISLAND_MODE',
      selector: { ids: [1] },
      startTimeMs: midnightMs + 9 * hourMs + 50 * minuteMs,
      durationMs: 40 * minuteMs,
      dryRun: true,
    },
  ];
  return overrides.map((one, index) => dispatchRecord({ id: index + 1, microgridId, ...one }));
}
