import {
  type DispatchData,
  RecurrenceRule_Frequency,
  RecurrenceRule_Weekday,
} from '../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';

const HOUR_S = 3_600;
const DAY_S = 24 * HOUR_S;

const rule = {
  freq: RecurrenceRule_Frequency.DAILY,
  interval: 1,
  endCriteria: undefined,
  byminutes: [],
  byhours: [],
  byweekdays: [RecurrenceRule_Weekday.MONDAY, RecurrenceRule_Weekday.FRIDAY],
  bymonthdays: [],
  bymonths: [],
};

/**
 * The data of the dispatch with this id: one in four has a rule. What runs now, one in ten, began half an hour ago; the rest comes in
 * the next thirty days, the first in an hour.
 */
export function dispatchDataOf(id: number, nowS: number): DispatchData {
  const startS = nowS + (id % 10 === 0 ? -HOUR_S / 2 : HOUR_S + ((id * 7_919) % (30 * DAY_S)));
  return {
    type: id % 3 === 0 ? 'DISCHARGE' : 'CHARGE',
    startTime: { seconds: BigInt(startS), nanos: 0 },
    duration: HOUR_S,
    target: { components: { $case: 'componentIds', value: { ids: [BigInt((id % 50) + 1)] } } },
    isActive: true,
    isDryRun: false,
    payload: { power_kw: id / 10, mode: 'peak-shaving' },
    recurrence: id % 4 === 0 ? rule : undefined,
  };
}
