import {
  type DeepPartial,
  type DispatchData,
  RecurrenceRule_Frequency as Frequency,
} from '../../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { categories, count, daily, ids, manyIds, supersededCategories } from '../../support/dispatchParts.js';
import { FULL_RULE, inSeconds } from '../../support/rawService.js';

/** Data of a dispatch, and what is wrong with it: descriptions without the field that holds the data. */
export type Row = readonly [data: DeepPartial<DispatchData>, ...violations: string[]];

const CATEGORY = 'target.component_categories_types.categories';
const FREQUENCIES = 'MINUTELY, HOURLY, DAILY, WEEKLY, MONTHLY, YEARLY';
const WEEKDAYS = 'MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY';
const END = 253_402_300_799n;
const AT_END = { seconds: END, nanos: 0 };
const MIDNIGHT = { seconds: 4_102_444_800n, nanos: 0 };
const NEVER = 'recurrence: must reach one of its hours and minutes, counting its interval from start_time';
const nested = (levels: number): object => (levels === 1 ? {} : { in: nested(levels - 1) });
const until = (seconds: bigint, nanos: number) =>
  daily({ endCriteria: { countOrUntil: { $case: 'untilTime', value: { seconds, nanos } } } });

/** Data that is refused, and everything that is wrong with it. */
export const REFUSED: readonly Row[] = [
  [{ startTime: undefined }, 'start_time: must be set'],
  [{ startTime: { ...inSeconds(99), nanos: 1e9 } }, 'start_time: has 1000000000 nanoseconds, not 0 to 999999999'],
  [{ startTime: { seconds: END + 1n, nanos: 0 } }, 'start_time: is not within the years 1 to 9999'],
  [
    { startTime: { seconds: END, nanos: 500_000_000 }, duration: undefined },
    'start_time: rounded to the second, is not within the years 1 to 9999',
  ],
  [
    { startTime: { seconds: END - 9n, nanos: 0 }, duration: 10 },
    'duration: must be at most 9, so that the last run ends within the year 9999',
  ],
  [
    { startTime: { seconds: END - 86_400n, nanos: 0 }, duration: 1, ...daily(count(2)) },
    'duration: must be at most 0, so that the last run ends within the year 9999',
  ],

  [{ target: undefined }, 'target: must name at least one component id or category'],
  [{ target: {} }, 'target: must name at least one component id or category'],
  [ids(), 'target.component_ids.ids: must have 1 to 1000 entries, not 0'],
  [categories(), `${CATEGORY}: must have 1 to 1000 entries, not 0`],
  [supersededCategories(), 'target.component_categories.categories: must have 1 to 1000 entries, not 0'],
  [manyIds(1001), 'target.component_ids.ids: must have 1 to 1000 entries, not 1001'],
  [categories(...Array(1001).fill({ category: 2 })), `${CATEGORY}: must have 1 to 1000 entries, not 1001`],
  [
    supersededCategories(...Array(1001).fill(2)),
    'target.component_categories.categories: must have 1 to 1000 entries, not 1001',
  ],
  [
    ids(1n, 2n ** 53n, 2n, 2n ** 64n - 1n),
    'target.component_ids.ids[1]: must be 0 to 2^53-1, not 9007199254740992',
    'target.component_ids.ids[3]: must be 0 to 2^53-1, not 18446744073709551615',
  ],
  [
    categories({ category: 5, type: { $case: 'battery', value: 3 as 1 } }),
    `${CATEGORY}[0].battery: must be one of UNSPECIFIED, LI_ION, NA_ION, not 3`,
  ],
  [
    categories({ category: 2 }, { category: 3, type: { $case: 'inverter', value: 9 as 1 } }),
    `${CATEGORY}[1].inverter: must be one of UNSPECIFIED, BATTERY, PV, HYBRID, not 9`,
  ],
  [
    categories({ category: 6, type: { $case: 'evCharger', value: -1 as 1 } }),
    `${CATEGORY}[0].ev_charger: must be one of UNSPECIFIED, AC, DC, HYBRID, not -1`,
  ],
  [
    categories({ category: 3, type: { $case: 'battery', value: 1 } }),
    `${CATEGORY}[0].category: must be BATTERY, as its battery type is, not INVERTER`,
  ],
  [
    categories({ category: 99 as 1, type: { $case: 'evCharger', value: 9 as 1 } }),
    `${CATEGORY}[0].ev_charger: must be one of UNSPECIFIED, AC, DC, HYBRID, not 9`,
    `${CATEGORY}[0].category: must be EV_CHARGER, as its ev_charger type is, not 99`,
  ],

  [
    { payload: { a: [0, { b: Number.NaN }, Number.POSITIVE_INFINITY], 'x y': -Infinity } },
    'payload.a[1].b: must be a finite number, not NaN',
    'payload.a[2]: must be a finite number, not Infinity',
    'payload["x y"]: must be a finite number, not -Infinity',
  ],
  [
    { payload: { a: [[[[[]]]], [[[]]]], b: { c: { d: { e: { f: [] } } } } } },
    'payload.a[0][0][0][0]: must not be an object or list: they may nest 5 levels deep',
    'payload.b.c.d.e.f: must not be an object or list: they may nest 5 levels deep',
  ],
  // With key, tags and lengths 18 bytes more than the text.
  [{ payload: { text: 'x'.repeat(51_183) } }, 'payload: must have at most 51200 bytes when encoded, not 51201'],
  [
    { payload: { text: 'ü'.repeat(26_000), number: Number.NaN } },
    'payload: must have at most 51200 bytes when encoded, not 52039',
    'payload.number: must be a finite number, not NaN',
  ],

  [{ recurrence: { interval: 1 } }, `recurrence.freq: must be one of ${FREQUENCIES}, not 0`],
  [{ recurrence: { bymonths: [1] } }, `recurrence.freq: must be one of ${FREQUENCIES}, not 0`],
  [{ recurrence: count(1) }, `recurrence.freq: must be one of ${FREQUENCIES}, not 0`],
  [{ recurrence: { freq: 7 as 1 } }, `recurrence.freq: must be one of ${FREQUENCIES}, not 7`],
  [{ recurrence: { freq: -1 as 1 } }, `recurrence.freq: must be one of ${FREQUENCIES}, not -1`],
  [daily({ interval: 10_001 }), 'recurrence.interval: must be 1 to 10000, not 10001'],
  [daily(count(0)), 'recurrence.end_criteria.count: must be 1 to 4096, not 0'],
  [daily(count(4097)), 'recurrence.end_criteria.count: must be 1 to 4096, not 4097'],
  [until(9n, -1), 'recurrence.end_criteria.until_time: has -1 nanoseconds, not 0 to 999999999'],
  [until(END + 1n, 0), 'recurrence.end_criteria.until_time: is not within the years 1 to 9999'],
  [
    daily({ byminutes: [0, 60, 59, 61] }),
    'recurrence.byminutes[1]: must be 0 to 59, not 60',
    'recurrence.byminutes[3]: must be 0 to 59, not 61',
  ],
  [daily({ byhours: [1, 2, 24] }), 'recurrence.byhours[2]: must be 0 to 23, not 24'],
  [daily({ byweekdays: [1, 0] }), `recurrence.byweekdays[1]: must be one of ${WEEKDAYS}, not 0`],
  [daily({ byweekdays: [8 as 1] }), `recurrence.byweekdays[0]: must be one of ${WEEKDAYS}, not 8`],
  [daily({ bymonthdays: [0] }), 'recurrence.bymonthdays[0]: must be 1 to 31 or -31 to -1, not 0'],
  [
    daily({ bymonthdays: [31, 32, -31, -32] }),
    'recurrence.bymonthdays[1]: must be 1 to 31 or -31 to -1, not 32',
    'recurrence.bymonthdays[3]: must be 1 to 31 or -31 to -1, not -32',
  ],
  [
    daily({ bymonths: [0, 13] }),
    'recurrence.bymonths[0]: must be 1 to 12, not 0',
    'recurrence.bymonths[1]: must be 1 to 12, not 13',
  ],
  [daily({ freq: Frequency.WEEKLY, bymonthdays: [1] }), 'recurrence.bymonthdays: must be empty in a WEEKLY rule'],
  [daily({ byminutes: Array(61).fill(0) }), 'recurrence.byminutes: must have at most 60 entries, not 61'],
  [daily({ byhours: Array(25).fill(0) }), 'recurrence.byhours: must have at most 24 entries, not 25'],
  [daily({ byweekdays: Array(8).fill(1) }), 'recurrence.byweekdays: must have at most 7 entries, not 8'],
  [daily({ bymonthdays: Array(63).fill(1) }), 'recurrence.bymonthdays: must have at most 62 entries, not 63'],
  [daily({ bymonths: Array(13).fill(1) }), 'recurrence.bymonths: must have at most 12 entries, not 13'],

  // What ends the Python dispatcher: dateutil throws.
  [{ startTime: MIDNIGHT, ...daily({ freq: Frequency.HOURLY, interval: 2, byhours: [1, 3] }) }, NEVER],
  [{ startTime: MIDNIGHT, ...daily({ freq: Frequency.MINUTELY, interval: 60, byminutes: [30] }) }, NEVER],
  [{ startTime: MIDNIGHT, ...daily({ freq: Frequency.MINUTELY, interval: 1440, byhours: [1], ...count(1) }) }, NEVER],

  [
    {
      startTime: undefined,
      target: {},
      payload: { a: NaN },
      ...daily({ interval: 20_000, byhours: [99], ...count(0) }),
    },
    'start_time: must be set',
    'target: must name at least one component id or category',
    'payload.a: must be a finite number, not NaN',
    'recurrence.interval: must be 1 to 10000, not 20000',
    'recurrence.end_criteria.count: must be 1 to 4096, not 0',
    'recurrence.byhours[0]: must be 0 to 23, not 99',
  ],
];

/** Types cannot be updated. */
export const REFUSED_TYPES: readonly Row[] = [
  [{ type: '' }, 'type: must have 1 to 256 characters, not 0'],
  [{ type: 'ü'.repeat(257) }, 'type: must have 1 to 256 characters, not 257'],
  [{ type: 'A\0B' }, 'type: must not contain the character U+0000'],
];

/** What is just still accepted. */
export const ACCEPTED: readonly (readonly [string, DeepPartial<DispatchData>])[] = [
  ['one character of type', { type: ' ' }],
  ['256 characters of type', { type: '😀'.repeat(256) }],
  ['the last second of the year 9999', { startTime: { seconds: END - 1n, nanos: 0 }, duration: 1 }],
  ['a run without an end from then on', { startTime: AT_END, duration: undefined }],
  ['the longest duration', { duration: 2 ** 32 - 1 }],
  ['the highest component id', ids(2n ** 53n - 1n)],
  ['component id 0, and one twice', ids(0n, 0n)],
  ['1,000 components', manyIds(1000)],
  ['an unknown category', categories({ category: 4711 as 1 })],
  ['a category in the superseded form', supersededCategories(5)],
  ['a type that is UNSPECIFIED', categories({ category: 5, type: { $case: 'battery', value: 0 } })],
  ['a type without its category', categories({ type: { $case: 'inverter', value: 2 } })],
  ['five levels of payload', { payload: nested(5) as never }],
  ['five levels of lists', { payload: { a: [[[['deep']]]] } }],
  ['51,200 bytes of payload', { payload: { text: 'x'.repeat(51_182) } }],
  ['a payload with the key __proto__', { payload: JSON.parse('{"__proto__":{"a":1}}') }],
  ['the highest interval', daily({ interval: 10_000 })],
  ['the highest count', daily(count(4096))],
  ['a last instant before the start', until(0n, 0)],
  ['a rule that seldom fits', { startTime: MIDNIGHT, ...daily({ bymonths: [2], bymonthdays: [29], byweekdays: [7] }) }],
  [
    'every second hour that fits',
    { startTime: MIDNIGHT, ...daily({ freq: Frequency.HOURLY, interval: 2, byhours: [1, 4] }) },
  ],
  ['a rule that no day fits', { recurrence: { freq: Frequency.YEARLY, bymonths: [2], bymonthdays: [30] } }],
  ['the last day of the month before any', daily({ bymonthdays: [-31, 31] })],
  ['every value of a list twice over', daily({ byweekdays: [1, 2, 3, 4, 5, 6, 7], byhours: [0, 0, 23, 23] })],
  ['every kind of list', { recurrence: FULL_RULE }],
];
