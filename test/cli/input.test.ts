import { Command } from 'commander';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTarget } from '../../src/cli/input/parseTarget.js';
import { parseLastTime, parseTime } from '../../src/cli/input/parseTime.js';
import { parseBoolean, parseIds } from '../../src/cli/input/parseValue.js';
import { addRecurrenceOptions, type RecurrenceOptions, readRecurrence } from '../../src/cli/input/recurrenceOptions.js';
import { UsageError } from '../../src/cli/input/usageError.js';
import { selectorToText } from '../../src/planning/selectorText.js';
import { InvalidText } from '../../src/planning/text/invalidText.js';
import { parseDuration } from '../../src/planning/text/parseDuration.js';
import { parsePayload } from '../../src/planning/text/parsePayload.js';

// A Monday.
const nowMs = Date.parse('2026-11-23T10:20:30.400Z');

describe('a time', () => {
  it.each([
    ['2026-04-01', '2026-04-01T00:00:00.000Z'],
    ['2026-04-01T14:00', '2026-04-01T14:00:00.000Z'],
    ['2026-04-01 14:00:05.250', '2026-04-01T14:00:05.250Z'],
    ['2026-04-01T14:00Z', '2026-04-01T14:00:00.000Z'],
    ['2026-04-01 14:00 UTC', '2026-04-01T14:00:00.000Z'],
    ['2026-04-01T14:00+02:00', '2026-04-01T12:00:00.000Z'],
    ['2026-04-01T14:00-0530', '2026-04-01T19:30:00.000Z'],
    ['2026-04-01T14:00+02', '2026-04-01T12:00:00.000Z'],
    ['now', '2026-11-23T10:20:30.400Z'],
    [' NOW ', '2026-11-23T10:20:30.400Z'],
    ['in 2 hours', '2026-11-23T12:20:30.400Z'],
    ['in 1h30m', '2026-11-23T11:50:30.400Z'],
    ['in 90s', '2026-11-23T10:22:00.400Z'],
    ['in 2 days', '2026-11-25T10:20:30.400Z'],
    ['10 minutes ago', '2026-11-23T10:10:30.400Z'],
    ['tomorrow', '2026-11-24T00:00:00.000Z'],
    ['tomorrow at 9am', '2026-11-24T09:00:00.000Z'],
    ['tomorrow 3pm', '2026-11-24T15:00:00.000Z'],
    ['tomorrow evening', '2026-11-24T20:00:00.000Z'],
    ['friday', '2026-11-27T00:00:00.000Z'],
    ['3 March 2027', '2027-03-03T00:00:00.000Z'],
    ['9am', '2026-11-24T09:00:00.000Z'],
    ['14:30', '2026-11-23T14:30:00.000Z'],
  ])('%s is %s', async (text, expected) => {
    expect((await parseTime(text, { of: '--until', nowMs, ahead: true })).toISOString()).toBe(expected);
  });

  it.each([
    ['2024-12-25', '2024-12-25T00:00:00.000Z'],
    ['25 December 2024', '2024-12-25T00:00:00.000Z'],
    ['2024-12-25 15:30', '2024-12-25T15:30:00.000Z'],
    ['2024-12-25 15:30:45', '2024-12-25T15:30:45.000Z'],
  ])('L10: %s is its midnight without a time of day, else the time as it is: %s', async (text, expected) => {
    expect((await parseTime(text, { of: '--until', nowMs, ahead: false })).toISOString()).toBe(expected);
  });

  it('is of this day when it does not look ahead', async () => {
    expect((await parseTime('9am', { of: '--until', nowMs, ahead: false })).toISOString()).toBe(
      '2026-11-23T09:00:00.000Z',
    );
  });

  it.each([
    '',
    'gestern',
    'blah tomorrow',
    'tomorrow blah',
    'tomorrow to friday',
    '12',
    '05/06/2027',
    '2026-02-30',
    '2026-13-01',
    '2026-04-01T25:00',
    '2026-04-01T14:00+99:00',
  ])('%j is refused', async text => {
    const refusal = expect(parseTime(text, { of: '--until', nowMs, ahead: true })).rejects;
    await refusal.toThrow(UsageError);
    await refusal.toThrow(`--until: Could not parse time expression '${text}'`);
  });

  it.each([
    ['2026-04-01 14:00 CET', 'CET is ambiguous; use the name of the zone, such as Europe/Berlin.'],
    ['tomorrow at 9am est', 'est is ambiguous; use the name of the zone, such as America/New_York.'],
    ['9am IST', 'IST is ambiguous; use the name of the zone, such as Asia/Kolkata.'],
    ['9am YEKT', 'the zone must be UTC, GMT, an offset, or a name such as Europe/Berlin.'],
  ])('with an abbreviation of a zone is refused: %s', async (text, message) => {
    await expect(parseTime(text, { of: '--until', nowMs, ahead: true })).rejects.toThrow(message);
  });

  it.each([
    ['2026-04-01 14:00 Europe/Berlin', '2026-04-01T12:00:00.000Z'],
    ['2026-04-01T14:00:30 Asia/Kolkata', '2026-04-01T08:30:30.000Z'],
    ['2026-04-01 europe/berlin', '2026-03-31T22:00:00.000Z'],
    ['tomorrow at 9am Europe/Berlin', '2026-11-24T08:00:00.000Z'],
    ['today Pacific/Auckland', '2026-11-22T11:00:00.000Z'],
    ['tomorrow Etc/GMT-2', '2026-11-23T22:00:00.000Z'],
    // The hour that is skipped, and the one that comes twice.
    ['2026-03-29 02:30 Europe/Berlin', '2026-03-29T01:30:00.000Z'],
    ['2026-10-25 02:30 Europe/Berlin', '2026-10-25T00:30:00.000Z'],
  ])('takes the name of a zone: %s is %s', async (text, expected) => {
    expect((await parseTime(text, { of: '--until', nowMs, ahead: true })).toISOString()).toBe(expected);
  });

  it.each([
    ['2026-04-01 14:00 Europe/Berln', 'It must be a time zone such as Europe/Berlin'],
    ['2026-04-01 14:00+02:00 Europe/Berlin', 'give either a zone such as Europe/Berlin, or an offset'],
    ['in 2 hours Europe/Berlin', 'give either a zone such as Europe/Berlin, or an offset or a span from now.'],
  ])('with a zone that is wrong or has no meaning is refused: %s', async (text, message) => {
    await expect(parseTime(text, { of: '--until', nowMs, ahead: true })).rejects.toThrow(message);
  });

  it.each([
    ['2026-04-01T14:00', '2026-04-01T12:00:00.000Z'],
    ['2026-04-01T14:00Z', '2026-04-01T14:00:00.000Z'],
    ['2026-04-01T14:00 America/New_York', '2026-04-01T18:00:00.000Z'],
    ['tomorrow', '2026-11-23T23:00:00.000Z'],
    ['9am', '2026-11-24T08:00:00.000Z'],
    ['9am UTC', '2026-11-24T09:00:00.000Z'],
    ['in 2 hours', '2026-11-23T12:20:30.400Z'],
    ['in 2 days', '2026-11-25T10:20:30.400Z'],
    ['now', '2026-11-23T10:20:30.400Z'],
  ])('is of another zone than UTC where that is given: %s is %s', async (text, expected) => {
    const options = { of: '--until', nowMs, ahead: true, timeZone: 'Europe/Berlin' };
    expect((await parseTime(text, options)).toISOString()).toBe(expected);
  });

  it('that is the last one ends with the day of its zone, also when the clock changes', async () => {
    const last = async (text: string, timeZone?: string) =>
      (await parseLastTime(text, { of: '--until', nowMs, ahead: true, timeZone })).toISOString();
    expect(await last('2026-10-25', 'Europe/Berlin')).toBe('2026-10-25T22:59:59.000Z');
    expect(await last('2026-03-29 Europe/Berlin')).toBe('2026-03-29T21:59:59.000Z');
    expect(await last('2026-03-29T10:00', 'Europe/Berlin')).toBe('2026-03-29T08:00:00.000Z');
  });

  it.each(['9am UTC', '9am gmt', '9:00 GMT+0', '11am +02:00'])('takes UTC, GMT and offsets: %s', async text => {
    expect((await parseTime(text, { of: '--until', nowMs, ahead: true })).toISOString()).toBe(
      '2026-11-24T09:00:00.000Z',
    );
  });

  it.each([
    ['2026-12-31', '2026-12-31T23:59:59.000Z'],
    ['friday', '2026-11-27T23:59:59.000Z'],
    ['3 March 2027', '2027-03-03T23:59:59.000Z'],
    ['2026-12-31T00:00', '2026-12-31T00:00:00.000Z'],
    ['tomorrow at 9am', '2026-11-24T09:00:00.000Z'],
    ['in 2 days', '2026-11-25T10:20:30.400Z'],
    ['now', '2026-11-23T10:20:30.400Z'],
  ])('that is the last one includes the whole day where it is a day: %s', async (text, expected) => {
    expect((await parseLastTime(text, { of: '--until', nowMs, ahead: true })).toISOString()).toBe(expected);
  });
});

describe('a duration', () => {
  it.each([
    ['90s', 90_000],
    ['1h30m', 5_400_000],
    ['1.5h', 5_400_000],
    ['1.1h', 3_960_000],
    ['1 hour and 5 minutes', 3_900_000],
    ['1h, 30m', 5_400_000],
    ['2 days', 172_800_000],
    ['1w', 604_800_000],
    ['PT1H', 3_600_000],
    ['PT1H30M', 5_400_000],
    ['pt90s', 90_000],
    ['P1DT2H', 93_600_000],
    ['90', 90_000],
    ['0', 0],
    ['0s', 0],
  ])('%s is %d ms', (text, expected) => expect(parseDuration(text)).toBe(expected));

  it.each([
    '',
    'abc',
    '-5m',
    '-90',
    '1 month',
    '1y',
    'P1M',
    'P1Y',
    'P',
    'PT',
    '1h 2',
    '1h xyz',
    '1h-5m',
    '1,5h',
    '500ms',
    '1.5',
    '0.5s',
    '99999999999999999999h',
  ])('%j is refused', text => expect(() => parseDuration(text)).toThrow(InvalidText));
});

describe('a target', () => {
  it.each([
    ['1', { ids: [1] }],
    ['1, 2,3', { ids: [1, 2, 3] }],
    ['BATTERY', { categories: [{ category: 'BATTERY' }] }],
    ['battery, Ev_Charger', { categories: [{ category: 'BATTERY' }, { category: 'EV_CHARGER' }] }],
    ['ev-charger', { categories: [{ category: 'EV_CHARGER' }] }],
    ['GRID', { categories: [{ category: 'GRID_CONNECTION_POINT' }] }],
    [
      'NA_ION,SOLAR',
      {
        categories: [
          { category: 'BATTERY', battery: 'NA_ION' },
          { category: 'INVERTER', inverter: 'PV' },
        ],
      },
    ],
    ['hybrid', { categories: [{ category: 'INVERTER', inverter: 'HYBRID' }] }],
    ['dc', { categories: [{ category: 'EV_CHARGER', evCharger: 'DC' }] }],
    ['inverter:battery', { categories: [{ category: 'INVERTER', inverter: 'BATTERY' }] }],
    ['inverter:solar', { categories: [{ category: 'INVERTER', inverter: 'PV' }] }],
    ['EV_CHARGER:HYBRID', { categories: [{ category: 'EV_CHARGER', evCharger: 'HYBRID' }] }],
  ])('%s is read, and its text reads the same', (text, expected) => {
    const selector = parseTarget(text);
    expect(selector).toEqual(expected);
    expect(parseTarget(selectorToText(selector))).toEqual(expected);
  });

  it.each(['', '1,', 'FOO', '1,BATTERY', '-1', '1.5', 'UNSPECIFIED', 'BATTERY:PV', '9007199254740993'])(
    '%j is refused',
    text => expect(() => parseTarget(text)).toThrow(UsageError),
  );
});

describe('a payload', () => {
  it.each([
    ['{}', {}],
    ['{"a": [1, null]}', { a: [1, null] }],
    ['"a": 1, "b": {"c": "d"}', { a: 1, b: { c: 'd' } }],
  ])('%s is read', (text, expected) => expect(parsePayload(text)).toEqual(expected));

  it.each(['', '[1]', '1', 'null', '"a"', '{"a":', 'a: 1', '{"a": 1, "a": 2}', '{"a": NaN}', '{"a": 01}', '[{}'])(
    '%j is refused',
    text => expect(() => parsePayload(text)).toThrow(InvalidText),
  );

  it.each([
    ['9007199254740993', '9007199254740992'],
    ['-9007199254740993', '-9007199254740992'],
    ['12345678901234567890', '12345678901234567000'],
    ['9007199254740993.0', '9007199254740992'],
    ['0.1000000000000000055511151231257827', '0.1'],
    ['1.00000000000000000001', '1'],
    ['1e-400', '0'],
    ['4e-324', '5e-324'],
  ])('with the number %s is refused, which would become %s', (number, rounded) => {
    const problem = `is ${number}, which would be rounded to ${rounded}; pass it as a string to keep it.`;
    expect(() => parsePayload(`{"meter": ${number}}`)).toThrow(new UsageError(`payload.meter ${problem}`));
    expect(() => parsePayload(`"a b": [{"c-d": [0, ${number}]}]`)).toThrow(
      new UsageError(`payload["a b"][0].c-d[1] ${problem}`),
    );
  });

  it.each(['1e400', '-1e400', '1.8e308', `1${'0'.repeat(400)}`])('with the number %s is refused as too great', number =>
    expect(() => parsePayload(`{"meter": ${number}}`)).toThrow(
      new UsageError(`payload.meter must be at most 1.7976931348623157e+308, got ${number}.`),
    ),
  );

  it.each([
    ...['0', '-0', '0.0', '0e9', '1.0', '1.50', '15e-1', '1E3', '1e+3', '0.1', '0.30000000000000004', '5e-324'],
    ...['9007199254740991', '9007199254740992', '1e22', '100000000000000000000', '1.7976931348623157e308', '-2.5'],
  ])('with the number %s holds it', number =>
    expect(parsePayload(`{"meter": ${number}}`)).toEqual({ meter: Number(number) }),
  );

  it('holds every double as it is written', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), value => {
        const text = Object.is(value, -0) ? '-0' : String(value);
        expect(parsePayload(`{"a": ${text}}`)).toEqual({ a: value });
      }),
    );
  });

  it('keeps keys that JavaScript has a meaning for', () => {
    const payload = parsePayload(
      '{"__proto__": {"a": 1}, "constructor": 2, "isLosslessNumber": {"isLosslessNumber": true}}',
    );
    expect(Object.entries(payload)).toEqual([
      ['__proto__', { a: 1 }],
      ['constructor', 2],
      ['isLosslessNumber', { isLosslessNumber: true }],
    ]);
  });
});

describe('ids', () => {
  it.each([
    ['7', [7]],
    ['1,2,3', [1, 2, 3]],
    ['1-3', [1, 2, 3]],
    ['1..3', [1, 2, 3]],
    ['5, 1-2,2', [5, 1, 2]],
  ])('%s are read', (text, expected) => expect(parseIds(text)).toEqual(expected));

  it('of several arguments are taken together', () => expect(parseIds('2-3', parseIds('1,2'))).toEqual([1, 2, 3]));

  it.each(['', 'x', '3-1', '-1', '1-', '1...3', '1-1000000000', '9007199254740993'])('%j are refused', text =>
    expect(() => parseIds(text)).toThrow(UsageError),
  );
});

describe('yes or no', () => {
  it.each(['true', 'Yes', 'on', '1'])('%s is yes', text => expect(parseBoolean(text)).toBe(true));
  it.each(['false', 'NO', 'off', '0'])('%s is no', text => expect(parseBoolean(text)).toBe(false));
  it('of another word is refused', () => expect(() => parseBoolean('maybe')).toThrow(UsageError));
});

describe('a recurrence rule', () => {
  const read = (...args: string[]) => {
    const command = addRecurrenceOptions(new Command())
      .exitOverride()
      .configureOutput({ writeErr: () => {} });
    return readRecurrence(command.parse(args, { from: 'user' }).opts<RecurrenceOptions>(), nowMs);
  };

  it('is none without options', async () => expect(await read()).toBeUndefined());

  it('is read in any case, from lists and repeated options', async () => {
    const args = ['-f', 'weekly', '--interval', '2', '--count', '10', '--by-weekday', 'mon,Friday', '--by-hour', '8'];
    expect(await read(...args, '--by-hour', '17', '--by-minute', '0,30')).toEqual({
      frequency: 'WEEKLY',
      interval: 2,
      count: 10,
      byWeekdays: ['MONDAY', 'FRIDAY'],
      byHours: [8, 17],
      byMinutes: [0, 30],
    });
  });

  it('counts days of the month from its end', async () => {
    expect(await read('-f', 'monthly', '--by-monthday', '-1', '--by-month', '6,12', '--until', '2027-01-01')).toEqual({
      frequency: 'MONTHLY',
      interval: 1,
      untilMs: Date.parse('2027-01-01T23:59:59Z'),
      byMonthDays: [-1],
      byMonths: [6, 12],
    });
  });

  it.each([
    [['--by-hour', '8-18'], { byHours: [8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18] }],
    [['--by-hour', '22-2,12'], { byHours: [22, 23, 0, 1, 2, 12] }],
    [['--by-minute', '58..1'], { byMinutes: [58, 59, 0, 1] }],
    [['--by-weekday', 'mon-fri'], { byWeekdays: ['MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY'] }],
    [['--by-weekday', 'Sat..mo'], { byWeekdays: ['SATURDAY', 'SUNDAY', 'MONDAY'] }],
    [['--by-monthday', '1-3,15,-1'], { byMonthDays: [1, 2, 3, 15, -1] }],
    [['--by-monthday', '-3--1'], { byMonthDays: [-3, -2, -1] }],
    [['--by-month', '11-2'], { byMonths: [11, 12, 1, 2] }],
    [['--by-weekday', 'first mon'], { byWeekdays: ['MONDAY'], byMonthDays: [1, 2, 3, 4, 5, 6, 7] }],
    [
      ['--by-weekday', '3rd tue, Third Fri'],
      { byWeekdays: ['TUESDAY', 'FRIDAY'], byMonthDays: [15, 16, 17, 18, 19, 20, 21] },
    ],
    [['--by-weekday', 'last sunday'], { byWeekdays: ['SUNDAY'], byMonthDays: [-7, -6, -5, -4, -3, -2, -1] }],
  ])('takes ranges and ordinals: %j', async (args, expected) => {
    expect(await read('-f', 'monthly', ...args)).toEqual({ frequency: 'MONTHLY', interval: 1, ...expected });
  });

  it('is read from RFC 5545 text', async () => {
    expect(await read('--rrule', 'RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR;COUNT=4')).toEqual({
      frequency: 'WEEKLY',
      interval: 2,
      count: 4,
      byWeekdays: ['MONDAY', 'FRIDAY'],
    });
  });

  it.each([
    [['-f', 'monthly', '--by-monthday', '30-2'], 'The range 30-2 must end at or after its start.'],
    [['-f', 'monthly', '--by-monthday', '-3-2'], 'The range -3-2 must be from 1 to 31 or from -31 to -1.'],
    [['-f', 'daily', '--by-hour', '8-24'], 'The range 8-24 must be from 0 to 23.'],
    [
      ['-f', 'daily', '--by-minute', '0,60'],
      "option '--by-minute <list>' argument '0,60' is invalid. They must be integers from 0 to 59, got 60.",
    ],
    [
      ['-f', 'daily', '--by-hour', '24'],
      "option '--by-hour <list>' argument '24' is invalid. They must be integers from 0 to 23, got 24.",
    ],
    [
      ['-f', 'daily', '--by-monthday', '0'],
      "'--by-monthday <list>' argument '0' is invalid. They must be integers from 1 to 31 or from -31 to -1, got 0.",
    ],
    [
      ['-f', 'daily', '--by-month', '13'],
      "option '--by-month <list>' argument '13' is invalid. They must be integers from 1 to 12, got 13.",
    ],
    [
      ['-f', 'daily', '--interval', '0'],
      "option '--interval <n>' argument '0' is invalid. It must be an integer of at least 1.",
    ],
    [
      ['-f', 'daily', '--count', '0'],
      "option '--count <n>' argument '0' is invalid. It must be an integer of at least 1.",
    ],
    [['--rrule', 'FREQ=DAILY;BYHOUR=24'], 'BYHOUR must be integers from 0 to 23, got 24'],
    [['-f', 'daily', '--by-hour', '8-x'], 'It must be hours from 0 to 23.'],
    [['-f', 'daily', '--by-monthday', 'x'], 'It must be days from 1 to 31, or from -31 to -1.'],
    [['-f', 'daily', '--count', 'x'], 'It must be an integer of at least 1.'],
    [['--rrule', 'weekly'], 'a rule is such as FREQ=WEEKLY;BYDAY=MO,FR.'],
    [['-f', 'weekly', '--by-weekday', 'mon-fry'], 'It must be one of MONDAY, '],
    [['-f', 'weekly', '--by-weekday', 'first mon'], "--by-weekday 'first …' needs --frequency monthly"],
    [['-f', 'yearly', '--by-weekday', 'first mon'], 'or yearly with --by-month.'],
    [['-f', 'monthly', '--by-weekday', 'first mon,tue'], 'all weekdays of a rule must be the first ones'],
    [['-f', 'monthly', '--by-weekday', 'sixth mon'], "'sixth' must be one of first, second, "],
    [['-f', 'monthly', '--by-weekday', 'last mon', '--by-monthday', '1'], 'cannot be used with --by-monthday.'],
    [['--rrule', 'FREQ=WEEKLY;BYSETPOS=1'], 'BYSETPOS is not supported;'],
    [['-f', 'daily', '--interval', '0'], 'It must be an integer of at least 1.'],
    [['--rrule', 'DTSTART:20260101T000000Z\nRRULE:FREQ=WEEKLY'], 'It must not have a DTSTART'],
    [['--rrule', 'FREQ=WEEKLY', '--count', '2'], "option '--rrule <text>' cannot be used with option '--count <n>'"],
  ])('of %j is refused by name', async (args, message) => {
    await expect((async () => read(...args))()).rejects.toThrow(message);
  });

  it.each([
    [['--by-hour', '3'], '--by-hour needs a --frequency'],
    [['--interval', '2'], '--interval needs a --frequency'],
    [['-f', 'daily', '--until', 'nonsense'], "Could not parse time expression 'nonsense'"],
  ])('of %j is refused', async (args, message) => {
    const refusal = expect(read(...args)).rejects;
    await refusal.toThrow(UsageError);
    await refusal.toThrow(message);
  });
});
