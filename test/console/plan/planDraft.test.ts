import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeCreate } from '../../../src/client/requests.js';
import { readDraft } from '../../../src/console/plan/draft/planDraft.js';
import { fieldsOf } from '../../../src/console/plan/fields/fieldsOf.js';
import { emptyFields, type PlanFields } from '../../../src/console/plan/fields/planFields.js';
import type { PlanSubject } from '../../../src/console/plan/fields/planSubject.js';
import type { DispatchRecord } from '../../../src/model/dispatchRecord.js';
import { rehearseCreate } from '../../../src/service/domain/rehearseWrite.js';
import { dispatchArbitrary } from '../../../src/testing/index.js';
import { dispatchRecord, hourMs, monday10Ms } from '../../support/dispatchRecord.js';

const microgridId = 1;
const nowMs = monday10Ms - hourMs;
const options = { microgridId, nowMs };
const NEW: PlanSubject = { kind: 'new' };

const valid: PlanFields = {
  ...emptyFields('Europe/Berlin'),
  type: 'CHARGE',
  components: '1, 2',
  start: '2026-03-03 08:00',
  duration: '30m',
};

function draft(fields: Partial<PlanFields>, subject: PlanSubject = NEW) {
  return readDraft(subject, { ...valid, ...fields }, options);
}

describe('a new dispatch', () => {
  it('is what the fields say, with times in the zone of the form', () => {
    const { records, problems, intent } = draft({ components: 'BATTERY, pv', payload: '{"kw": 5}', dryRun: true });
    expect(problems).toEqual({});
    expect(records).toMatchObject([
      {
        id: 0,
        type: 'CHARGE',
        startTimeMs: Date.UTC(2026, 2, 3, 7),
        durationMs: hourMs / 2,
        selector: { categories: [{ category: 'BATTERY' }, { category: 'INVERTER', inverter: 'PV' }] },
        payload: { kw: 5 },
        active: true,
        dryRun: true,
        recurrence: null,
      },
    ]);
    expect(intent).toMatchObject({ kind: 'create', dispatch: { startTime: new Date('2026-03-03T07:00Z') } });
  });

  it('is judged as a whole while a field of its rule cannot be read', () => {
    const rule = { recurs: true, hours: '8, 25', monthDays: '32', months: '13' };
    for (const wrong of [{ interval: '-1' }, { ending: 'count', count: 'x' }, { minutes: 'x' }] as const) {
      const { problems, words, records } = draft({ ...rule, ...wrong });
      expect(Object.keys(problems)).toEqual(expect.arrayContaining(['hours', 'monthDays', 'months']));
      expect(problems).toMatchObject({ [Object.keys(wrong).at(-1) ?? '']: [expect.any(String)] });
      expect({ words, records }).toEqual({ words: null, records: [] });
    }
  });

  it.each<[string, Partial<PlanFields>, object]>([
    ['starts now', { start: 'Now' }, { startTimeMs: nowMs }],
    ['starts after a span', { start: 'in 1h30m' }, { startTimeMs: nowMs + 1.5 * hourMs }],
    ['starts at midnight', { start: '2026-03-03' }, { startTimeMs: Date.UTC(2026, 2, 2, 23) }],
    ['starts in a zone that is named', { start: '2026-03-03 08:00 UTC' }, { startTimeMs: Date.UTC(2026, 2, 3, 8) }],
    ['has no end', { ends: 'never' }, { durationMs: null }],
    ['ends at a time', { ends: 'time', end: '2026-03-03 10:15' }, { durationMs: 2.25 * hourMs }],
    ['ends at the next time of day', { ends: 'time', end: '07:00' }, { durationMs: 23 * hourMs }],
    ['ends at a time after now', { start: 'now', ends: 'time', end: '11:00' }, { durationMs: hourMs }],
    ['has an empty payload', { payload: ' ' }, { payload: {} }],
    ['has a bare payload', { payload: '"kw": 5' }, { payload: { kw: 5 } }],
    [
      'recurs',
      {
        recurs: true,
        frequency: 'WEEKLY',
        interval: '2',
        weekdays: ['MONDAY', 'FRIDAY'],
        hours: '8,17',
        minutes: '0, 30',
        months: '11-2',
        ending: 'count',
        count: '10',
      },
      {
        recurrence: {
          frequency: 'WEEKLY',
          interval: 2,
          byWeekdays: ['MONDAY', 'FRIDAY'],
          byHours: [8, 17],
          byMinutes: [0, 30],
          byMonths: [11, 12, 1, 2],
          count: 10,
        },
      },
    ],
    [
      'recurs until the last second of a local day',
      { recurs: true, ending: 'until', until: '2026-04-01' },
      { recurrence: { frequency: 'DAILY', interval: 1, untilMs: Date.UTC(2026, 3, 1, 21, 59, 59) } },
    ],
  ])('%s', (_, fields, expected) => {
    const { problems, records } = draft(fields);
    expect(problems).toEqual({});
    expect(records).toMatchObject([expected]);
  });

  it.each<[keyof PlanFields | 'form', Partial<PlanFields>, string | RegExp]>([
    ['type', { type: '' }, 'It must have 1 to 256 characters, not 0.'],
    ['type', { type: 'A\u0000' }, /U\+0000/],
    ['type', { type: '\ud800' }, 'It must not contain a lone surrogate.'],
    ['zone', { zone: 'Mars/Olympus' }, /time zone/],
    ['zone', { zone: 'EST' }, /ambiguous/],
    ['start', { start: '2026-02-30 08:00' }, /It must be a time/],
    ['start', { start: '2026-03-02 09:00' }, /must not be in the past: it is 3600 s before/],
    ['start', { start: '2026-03-03 08:00+01:00 Europe/Berlin' }, /either the zone/],
    ['duration', { duration: '1.5s' }, /Could not parse the duration/],
    ['duration', { duration: '1000000d' }, 'It must be at most 4294967295 seconds, which is 136 years.'],
    ['end', { ends: 'time', end: '2026-03-03 07:59' }, 'It must be after the start.'],
    ['end', { ends: 'time', end: '' }, /It must be a time/],
    ['components', { components: '' }, /neither a component id/],
    ['components', { components: '1, BATTERY' }, /either ids or categories/],
    ['components', { components: '9007199254740993' }, /at most 2\^53-1/],
    ['payload', { payload: '{"a": 1,\n "b": }' }, /at line 2, column 7$/],
    ['payload', { payload: '  "a": tru' }, /at line 1, column 8$/],
    ['payload', { payload: '[1]' }, /JSON object/],
    ['payload', { payload: '{"a": 9007199254740993}' }, /would be rounded/],
    [
      'payload',
      { payload: '{"a":{"b":{"c":{"d":{"e":{}}}}}}' },
      'payload.a.b.c.d.e must not be an object or list: they may nest 5 levels deep.',
    ],
    ['payload', { payload: `{"a": "${'x'.repeat(52_000)}"}` }, /at most 51200 bytes/],
    ['interval', { recurs: true, interval: '10001' }, 'It must be 1 to 10000, not 10001.'],
    ['interval', { recurs: true, interval: '0' }, 'It must be at least 1.'],
    ['interval', { recurs: true, interval: 'x' }, 'It must be an integer.'],
    ['minutes', { recurs: true, minutes: '0,60' }, 'Entry 2 must be 0 to 59, not 60.'],
    ['hours', { recurs: true, hours: '24' }, 'Entry 1 must be 0 to 23, not 24.'],
    ['hours', { recurs: true, hours: '-1' }, /from 0 to 23, not -1/],
    ['monthDays', { recurs: true, monthDays: '0' }, 'Entry 1 must be 1 to 31 or -31 to -1, not 0.'],
    ['monthDays', { recurs: true, frequency: 'WEEKLY', monthDays: '1' }, 'It must be empty in a WEEKLY rule.'],
    ['months', { recurs: true, months: '13' }, /1 to 12/],
    ['count', { recurs: true, ending: 'count', count: '4097' }, 'It must be 1 to 4096, not 4097.'],
    ['until', { recurs: true, ending: 'until', until: 'soon' }, /It must be a time/],
    ['recurs', { recurs: true, frequency: 'HOURLY', interval: '2', hours: '6' }, /must reach one of its hours/],
    ['duration', { recurs: true, ending: 'until', until: '9999-12-31', duration: '2d' }, /within the year 9999/],
  ])('tells what is wrong with %s: %o', (field, fields, problem) => {
    const { problems, records, intent } = draft(fields);
    expect(Object.keys(problems)).toEqual([field]);
    expect(problems[field]?.[0]).toEqual(expect.stringMatching(problem));
    expect([records, intent]).toEqual([[], null]);
  });

  it('tells of each field what is wrong, whatever is wrong with the others', () => {
    const { problems } = draft({
      type: '',
      start: 'then',
      duration: '200000d',
      components: '0, 1, x',
      payload: '{"a": [[[[[1]]]]]}',
      recurs: true,
      minutes: '75',
      interval: 'often',
    });
    const wrong = ['components', 'duration', 'interval', 'minutes', 'payload', 'start', 'type'];
    expect(Object.keys(problems).sort()).toEqual(wrong);
  });

  it('tells what about its runs one may not expect', () => {
    expect(draft({ duration: '0s' }).notes).toEqual(['Its runs end at the moment when they start: the duration is 0.']);
    expect(draft({ recurs: true, frequency: 'MONTHLY', monthDays: '31', active: false }).notes).toEqual([
      'The first run starts at 2026-03-31 07:00:00 UTC, not at the start time.',
      'Months without day 31 are skipped; -1 is the last day of each month.',
      'It is inactive: it does not run.',
    ]);
    expect(draft({ recurs: true, ends: 'never' }).notes).toEqual([
      'The rule is ignored: without a duration it runs once, without end.',
    ]);
    expect(draft({ recurs: true, months: '2', ending: 'until', until: '2026-12-31' }).notes).toEqual([
      'It never runs: the rule reaches no time before it ends.',
    ]);
  });

  it('has its rule in words', () => {
    expect(
      draft({ recurs: true, frequency: 'WEEKLY', interval: '2', weekdays: ['MONDAY'], hours: '8', minutes: '0' }).words,
    ).toBe('every 2 weeks on Monday at 08:00 UTC');
    expect(draft({ recurs: true, hours: '25' }).words).toBeNull();
  });
});

describe('a dispatch that is edited', () => {
  const record = dispatchRecord({ id: 7, microgridId, recurrence: { frequency: 'DAILY', interval: 1 } });
  const subject: PlanSubject = { kind: 'dispatch', record };
  const edit = (fields: Partial<PlanFields>, at: PlanSubject = subject, atMs = nowMs) =>
    readDraft(at, { ...fieldsOf(at, 'Europe/Berlin'), ...fields }, { microgridId, nowMs: atMs });

  it('changes only the fields that were edited, and of these only what then means something else', () => {
    expect(edit({}).intent).toBeNull();
    expect(edit({ duration: '1800s', payload: ' { } ', components: '5' }).intent).toBeNull();
    expect(edit({ duration: '45m' }).intent).toMatchObject({ changes: { durationMs: 45 * 60_000 } });
    const { intent, records } = edit({ ends: 'never', hours: '9', active: false, start: '2026-03-02 12:00' });
    expect(intent).toEqual({
      kind: 'update',
      record,
      changes: {
        startTime: new Date('2026-03-02T11:00Z'),
        durationMs: null,
        active: false,
        recurrence: { frequency: 'DAILY', interval: 1, byHours: [9] },
      },
    });
    expect(records).toMatchObject([{ id: 7, durationMs: null, active: false }]);
  });

  it('keeps what the form cannot show, and a start that is past', () => {
    const odd = dispatchRecord({
      id: 7,
      selector: { categories: [{ category: 99 }] },
      startTimeMs: monday10Ms + 0.001e3,
    });
    const { intent, problems } = edit({ duration: '1h' }, { kind: 'dispatch', record: odd }, monday10Ms + 20 * hourMs);
    expect(problems).toEqual({});
    expect(intent).toMatchObject({ changes: { durationMs: hourMs } });
  });

  it('refuses what the service would: a new start in the past, another type, now', () => {
    expect(edit({ start: '2026-03-01 12:00' }).problems).toMatchObject({ start: [expect.stringContaining('past')] });
    expect(edit({ type: 'OTHER', dryRun: true }).problems).toEqual({
      type: ['It cannot be changed: create another dispatch.'],
      dryRun: ['It cannot be changed: create another dispatch.'],
    });
    expect(edit({ start: 'now' }).problems).toMatchObject({ start: [expect.stringContaining('It must be a time')] });
  });

  it('tells what becomes of a run that is on', () => {
    const atMs = monday10Ms + 60_000;
    expect(edit({ active: false }, subject, atMs).notes).toContain('It is running, and is stopped by this.');
    expect(edit({ payload: '{"kw":5}' }, subject, atMs).notes).toContain('It is running, and is reconfigured by this.');
    expect(edit({ note: 'why' }, subject, atMs).notes).toEqual([]);
    const inactive: PlanSubject = { kind: 'dispatch', record: { ...record, active: false } };
    expect(edit({ active: true }, inactive, atMs).notes).toEqual(['It starts at once: its run is on now.']);
  });
});

describe('a rule in local time', () => {
  const local: Partial<PlanFields> = {
    recurs: true,
    clock: 'local',
    hours: '8',
    minutes: '0',
    ending: 'until',
    until: '2026-12-31',
  };

  it('is a group of dispatches, which keep the local time when the clock changes', () => {
    const { problems, records, intent, words, notes } = draft(local);
    expect(problems).toEqual({});
    expect(records.map(({ startTimeMs }) => new Date(startTimeMs).toISOString())).toEqual([
      '2026-03-03T07:00:00.000Z',
      '2026-03-29T06:00:00.000Z',
      '2026-10-25T07:00:00.000Z',
    ]);
    expect(intent).toMatchObject({ kind: 'group', goal: { step: 'create', group: { zone: 'Europe/Berlin' } } });
    expect(words).toBe('every day at 08:00 Europe/Berlin, until Thu 2026-12-31 23:59:59 CET');
    expect(notes).toContain('It becomes a group of 3 dispatches, because the clock of Europe/Berlin changes.');
  });

  it('tells when the local end of a run changes', () => {
    const { notes } = draft({ ...local, hours: '22', duration: '8h' });
    expect(notes.some(text => text.includes('the clock changes in it'))).toBe(true);
  });

  it('may end its runs at a local time of day', () => {
    const { problems, records } = draft({ ...local, hours: '22', ends: 'time', end: '06:00' });
    expect(problems).toEqual({});
    expect(new Set(records.map(({ durationMs }) => durationMs))).toEqual(
      new Set([8, 7, 9].map(hours => hours * hourMs)),
    );
  });

  it.each<[keyof PlanFields, Partial<PlanFields>]>([
    ['ending', { ending: 'never' }],
    ['ending', { ending: 'count', count: '3' }],
    ['until', { until: '2031-04-01' }],
    ['until', { until: '2026-03-02 12:00' }],
    ['ends', { ends: 'never' }],
    ['end', { ends: 'time', end: '06:00', hours: '8,9' }],
    ['interval', { frequency: 'HOURLY', interval: '5' }],
    ['hours', { hours: '24' }],
    ['recurs', { months: '2', until: '2026-12-31' }],
    ['payload', { payload: `{"a": "${'x'.repeat(51_100)}"}` }],
  ])('tells what is wrong with %s: %o', (field, fields) => {
    const { problems } = draft({ ...local, ...fields });
    expect(Object.keys(problems)).toEqual([field]);
  });

  it('makes a group of a dispatch that is edited, which keeps its id', () => {
    const record = dispatchRecord({
      id: 7,
      startTimeMs: Date.UTC(2026, 2, 3, 7),
      recurrence: { frequency: 'DAILY', interval: 1 },
    });
    const subject: PlanSubject = { kind: 'dispatch', record };
    const { problems, records, intent } = readDraft(
      subject,
      { ...fieldsOf(subject, 'Europe/Berlin'), ...local },
      options,
    );
    expect(problems).toEqual({});
    expect(intent).toMatchObject({ kind: 'group', goal: { step: 'update' } });
    expect(records.map(({ id }) => id)).toEqual([7, 0, 0]);
  });
});

describe('the fields of a dispatch', () => {
  const zones = fc.constantFrom('UTC', 'Europe/Berlin', 'America/St_Johns', 'Asia/Kathmandu', 'Pacific/Apia');
  /** Runs of a day at most: longer ones can end after the year 9999. */
  const durationMs = fc.option(fc.nat(86_400).map(seconds => seconds * 1000));
  // The form refuses a type that nobody could see.
  const type = fc.string({ minLength: 1, maxLength: 20 }).filter(text => text.trim() !== '');
  const records = dispatchArbitrary({ durationMs, type });

  it('say it again: what a service takes, the form takes, and means the same by it', () => {
    fc.assert(
      fc.property(records, zones, (record, zone) => {
        const fields = fieldsOf({ kind: 'dispatch', record }, zone);
        const past = { microgridId: record.microgridId, nowMs: Date.UTC(1999, 0) };
        const read = readDraft(NEW, fields, past);
        const stored = storedBy(record, past.nowMs);
        expect(Object.keys(read.problems)).toEqual(stored === null ? ['recurs'] : []);
        if (stored !== null) expect(read.records.map(comparable)).toEqual([comparable(stored)]);
      }),
    );
  });

  it('are texts that stay the same when they are read and written', () => {
    fc.assert(
      fc.property(records, zones, (record, zone) => {
        const fields = fieldsOf({ kind: 'dispatch', record }, zone);
        const [first] = readDraft(NEW, fields, { microgridId: record.microgridId, nowMs: Date.UTC(1999, 0) }).records;
        if (first === undefined) return;
        // A service sorts the keys of a payload.
        const { payload, ...others } = fieldsOf({ kind: 'dispatch', record: first }, zone);
        expect({ ...others, payload: JSON.parse(payload) }).toEqual({ ...fields, payload: JSON.parse(fields.payload) });
      }),
    );
  });

  it('change nothing of it when nobody edits them', () => {
    fc.assert(
      fc.property(records, zones, (record, zone) => {
        const subject: PlanSubject = { kind: 'dispatch', record };
        const { intent } = readDraft(subject, fieldsOf(subject, zone), {
          microgridId: record.microgridId,
          nowMs: Date.now(),
        });
        expect(intent).toBeNull();
      }),
    );
  });
});

/** What a service stores of a record; null: it refuses it, because its rule reaches none of its times. */
function storedBy(record: DispatchRecord, atMs: number): DispatchRecord | null {
  try {
    const { id: _, microgridId, startTimeMs, endTimeMs: __, createTime: ___, updateTime: ____, ...others } = record;
    return rehearseCreate(encodeCreate(microgridId, { ...others, startTime: new Date(startTimeMs) }), atMs);
  } catch (error) {
    expect(String(error)).toContain('recurrence: must reach');
    return null;
  }
}

/** Without the order and repetition of lists, which the fields may change, and -0, which JSON has not. */
function comparable({ payload, recurrence, selector, ...others }: DispatchRecord) {
  const sorted = Object.entries(recurrence ?? {}).map(([name, value]) => [
    name,
    name === 'byWeekdays' ? [...new Set(value as string[])].sort() : value,
  ]);
  return { ...others, selector, payload: JSON.parse(JSON.stringify(payload)), recurrence: Object.fromEntries(sorted) };
}
