import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { importPlan } from '../../src/cli/exchange/importPlan.js';
import { readCalendar } from '../../src/cli/exchange/readCalendar.js';
import { readJsonLines } from '../../src/cli/exchange/readJsonLines.js';
import { calendarWriter } from '../../src/cli/exchange/writeCalendar.js';
import { Dispatch } from '../../src/dispatch.js';
import type { DispatchRecord, JsonValue } from '../../src/model/dispatchRecord.js';
import { runsBetween, startAtOrAfter, startsBetween } from '../../src/model/schedule.js';
import { type Group, groupOf, withGroup } from '../../src/planning/groups/group.js';
import { ignoredFields, wholeRecord } from '../../src/planning/planNotes.js';
import { type DispatchPlan, planOf } from '../../src/planning/planned.js';
import { remainingPlan } from '../../src/planning/remainingPlan.js';
import { dispatchArbitrary } from '../../src/testing/dispatchArbitrary.js';
import { daily, dispatchRecord, hourMs, monday10Ms } from '../support/dispatchRecord.js';

const writer = await calendarWriter();
const dayMs = 24 * hourMs;

const calendarOf = (...events: string[]) => ['BEGIN:VCALENDAR', ...events, 'END:VCALENDAR'].join('\r\n');
const event = (...lines: string[]) => ['BEGIN:VEVENT', 'UID:one@site', ...lines, 'END:VEVENT'].join('\r\n');
const START = 'DTSTART:20300101T100000Z';
const WHOLE = [START, 'SUMMARY:CHARGE', 'X-DISPATCH-TARGET:BATTERY'];

/** Fields in which what was read is not what was written. */
const lost = (record: DispatchRecord, read: DispatchPlan) => ignoredFields(planOf(record), { ...record, ...read });

/** A dispatch of a group, as `create --time-zone` makes them. */
function partOfGroup(payload = {}): DispatchRecord {
  const group: Group = {
    id: 'g0badcafe',
    zone: 'Europe/Berlin',
    rule: { frequency: 'DAILY', interval: 1, byHours: [8], byMinutes: [0] },
    startTimeMs: monday10Ms,
    untilMs: monday10Ms + 30 * dayMs,
    durationMs: hourMs,
    toMinute: null,
    exceptions: [],
  };
  return dispatchRecord({
    recurrence: daily(),
    payload: withGroup(payload, { group, part: '1/1', step: null, by: null }),
  });
}

describe('a dispatch of a group', () => {
  const atMs = monday10Ms - dayMs;
  const entryOf = (record: DispatchRecord) => ({ source: 'line 1', plan: planOf(record) });

  it('is refused where its group is, and is otherwise: the next command on the group would delete one of both', () => {
    const there = [partOfGroup()];
    expect(importPlan([entryOf(partOfGroup())], there, atMs)).toMatchObject([{ step: 'present', id: there[0]?.id }]);
    const other = partOfGroup({ kw: 7 });
    expect(importPlan([entryOf(other)], there, atMs)).toMatchObject([
      { step: 'refuse', message: expect.stringContaining('part of group g0badcafe, which is there') },
    ]);
    expect(importPlan([entryOf(other)], [], atMs)).toMatchObject([{ step: 'create' }]);
  });
});

describe('what a payload tells of a group', () => {
  it('is not read when one of its times does not exist', () => {
    const { payload } = partOfGroup();
    expect(groupOf(payload)).not.toBeNull();
    const told = payload._group as Record<string, JsonValue>;
    for (const name of ['start', 'until']) {
      expect(groupOf({ ...payload, _group: { ...told, [name]: '2027-02-30T08:00:00.000Z' } })).toBeNull();
    }
  });
});

describe('lines of JSON', () => {
  test.prop([dispatchArbitrary()], { numRuns: 500 })('keep everything of a plan', record => {
    const [entry] = readJsonLines(JSON.stringify(new Dispatch(record)));
    // JSON has no -0.
    const expected = JSON.parse(JSON.stringify(planOf(record)));
    expect(entry).toEqual({ source: 'line 1', plan: expected });
  });

  it.each([
    ['{', 'valid JSON'],
    ['[]', 'a JSON object'],
    [{}, 'type must be a string, got undefined'],
    [{ startTime: 'tomorrow' }, 'startTime must be a time such as 2026-04-01T14:00:00Z, got tomorrow'],
    [{ startTime: '2027-02-30T08:00:00Z' }, 'startTime must be a time such as 2026-04-01T14:00:00Z, got 2027-02-30T'],
    [{ startTime: '2027-04-31T24:00:00Z' }, 'startTime must be a time such as'],
    [{ startTime: '2027-04-30T24:00:00Z' }, 'startTime must be a time such as'],
    [{ startTime: '2027-02-29T23:30:00+01:00' }, 'startTime must be a time such as'],
    [{ startTime: '2027-02-28T23:30:00+99:00' }, 'startTime must be a time such as'],
    [{ durationMs: '1h' }, 'durationMs must be a number, got "1h"'],
    [{ active: 1 }, 'active must be a boolean, got 1'],
    [{ selector: {} }, 'selector must have either ids or categories'],
    [{ selector: { ids: ['1'] } }, 'selector.ids must be a number, got "1"'],
    [{ selector: { categories: [{ kind: 'BATTERY' }] } }, 'selector.categories.kind is not known'],
    [{ payload: [] }, 'payload must be an object, got []'],
    [{ recurrence: { frequency: 'SECONDLY' } }, 'recurrence.frequency must be one of MINUTELY'],
    [{ recurrence: { frequency: 'DAILY', byHours: [24] } }, 'recurrence.byHours must be'],
    [{ recurrence: { frequency: 'DAILY', byHour: [2] } }, 'recurrence.byHour is not known'],
    [{ deleted: true }, 'deleted must be false'],
    [{ dryrun: true }, 'dryrun is not known'],
  ])('refuse %j by name', (given, message) => {
    const whole = { type: 'CHARGE', startTime: '2030-01-01T10:00:00Z', selector: { ids: [1] } };
    const isEmpty = typeof given === 'object' && Object.keys(given).length === 0;
    const line = typeof given === 'string' ? given : JSON.stringify(isEmpty ? {} : { ...whole, ...given });
    expect(readJsonLines(`\n${line}\n`)).toEqual([{ source: 'line 2', refusal: expect.stringContaining(message) }]);
  });

  it('refuse a number that would be rounded', () => {
    const [entry] = readJsonLines('{"type":"CHARGE","payload":{"id":9007199254740993}}');
    expect(entry).toMatchObject({ refusal: expect.stringContaining('payload.id is 9007199254740993') });
  });
});

describe('a calendar', () => {
  test.prop([dispatchArbitrary({ createTime: fc.constant('2026-01-01T00:00:00.000000000Z') })], { numRuns: 500 })(
    'keeps a plan with the same runs, or says what it cannot express',
    async record => {
      const text = await writer.event(new Dispatch(record)).catch(error => {
        expect(error).toBeInstanceOf(RangeError);
        expect(error.message).toMatch(/^RRULE: |^DTSTART: |would not keep its (type|payload)/);
        return null;
      });
      if (text === null) return;
      const [entry] = await readCalendar(writer.begin + text + writer.end, {});
      if (entry === undefined || 'refusal' in entry) throw new Error(`refused: ${JSON.stringify(entry)}`);
      expect(lost({ ...record, startTimeMs: entry.plan.startTimeMs }, entry.plan)).toEqual([]);
      // It begins with the first run.
      expect(entry.plan.startTimeMs).toBe(startAtOrAfter({ ...record, active: true }, record.startTimeMs));
      const span = [record.startTimeMs, record.startTimeMs + 400 * dayMs] as const;
      expect([...first(10, runsBetween(wholeRecord(entry.plan), ...span))]).toEqual([
        ...first(10, runsBetween(wholeRecord(record), ...span)),
      ]);
    },
  );

  it('is read whoever wrote it', async () => {
    const text = calendarOf(
      'BEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\nEND:VTIMEZONE',
      event(
        START,
        'DTEND:20300101T113000Z',
        'SUMMARY:CHARGE',
        'RRULE:FREQ=WEEKLY;UNTIL=20300301T000000Z;BYDAY=MO',
        'DESCRIPTION:a\\nb',
        'X-DISPATCH-PAYLOAD:{"kw": 5\\, "name": "a;b"}',
        'BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT5M\r\nEND:VALARM',
      ),
    );
    expect(await readCalendar(text, { selector: { ids: [1] } })).toEqual([
      {
        source: 'event one@site',
        plan: {
          type: 'CHARGE',
          startTimeMs: Date.parse('2030-01-01T10:00Z'),
          durationMs: 1.5 * hourMs,
          selector: { ids: [1] },
          active: true,
          dryRun: false,
          payload: { kw: 5, name: 'a;b' },
          recurrence: {
            frequency: 'WEEKLY',
            interval: 1,
            untilMs: Date.parse('2030-03-01T00:00Z'),
            byWeekdays: ['MONDAY'],
          },
        },
      },
    ]);
  });

  it('in a zone, and with exceptions, is read as the dispatches of a group, the same one each time', async () => {
    const text = calendarOf(
      event(
        'DTSTART;TZID=Europe/Berlin:20300325T080000',
        'DURATION:PT1H',
        'SUMMARY:CHARGE',
        'X-DISPATCH-TARGET:1',
        'RRULE:FREQ=DAILY;COUNT=10',
        'EXDATE;TZID=Europe/Berlin:20300328T080000,20300329T080000',
        'EXDATE:20300402T060000Z,20300402T070000Z',
      ),
    );
    const entries = await readCalendar(text, {});
    expect(await readCalendar(text, {})).toEqual(entries);
    const plans = entries.map(entry => ('plan' in entry ? entry.plan : null));
    expect(plans.map(plan => plan && new Date(plan.startTimeMs).toISOString())).toEqual([
      '2030-03-25T07:00:00.000Z',
      '2030-03-30T07:00:00.000Z',
      '2030-03-31T06:00:00.000Z',
      '2030-04-03T06:00:00.000Z',
    ]);
    expect(new Set(plans.map(plan => plan && groupOf(plan.payload)?.group.id)).size).toBe(1);
    expect(plans.map(plan => plan?.recurrence?.untilMs && new Date(plan.recurrence.untilMs).toISOString())).toEqual([
      '2030-03-27T07:00:00.000Z',
      '2030-03-30T07:00:00.000Z',
      '2030-04-01T06:00:00.000Z',
      '2030-04-03T06:00:00.000Z',
    ]);
    const moved = await readCalendar(text.replace('PT1H', 'PT2H'), {});
    expect(moved).not.toEqual(entries);
  });

  it('in UTC with an exception is read as a dispatch with a skipped run; one that is no run has no effect', async () => {
    const rule = [...WHOLE, 'DURATION:PT1H', 'RRULE:FREQ=DAILY'];
    expect(await readCalendar(calendarOf(event(...rule, 'EXDATE:20300103T100000Z')), {})).toMatchObject([
      { source: 'event one@site (1/2)', plan: { recurrence: { untilMs: Date.parse('2030-01-02T10:00Z') } } },
      { source: 'event one@site (2/2)', plan: { startTimeMs: Date.parse('2030-01-04T10:00Z') } },
    ]);
    const without = await readCalendar(calendarOf(event(...rule, 'EXDATE:20300103T090000Z')), {});
    expect(without).toMatchObject([{ source: 'event one@site', plan: { payload: {} } }]);
  });

  it.each([
    ['no time', ['SUMMARY:CHARGE'], 'DTSTART is missing'],
    ['a day', ['DTSTART;VALUE=DATE:20300101', 'SUMMARY:A'], 'DTSTART must be a time, got the day 2030-01-01'],
    ['a floating time', ['DTSTART:20300101T100000', 'SUMMARY:A'], 'DTSTART must be a time in UTC'],
    [
      '30 February',
      ['DTSTART:20300230T100000Z', 'SUMMARY:A'],
      'DTSTART is 2030-02-30T10:00:00Z, a time that does not exist',
    ],
    [
      'a zone that is none',
      ['DTSTART;TZID=W. Europe Standard Time:20300101T100000', 'SUMMARY:A'],
      'DTSTART: TZID must be',
    ],
    [
      'a rule in a zone without an end',
      [
        'DTSTART;TZID=Europe/Berlin:20300101T100000',
        'DURATION:PT1H',
        'SUMMARY:A',
        'X-DISPATCH-TARGET:1',
        'RRULE:FREQ=DAILY',
      ],
      'RRULE needs an UNTIL or a COUNT when DTSTART has a TZID',
    ],
    ['no summary', [START, 'X-DISPATCH-TARGET:1'], 'SUMMARY is missing'],
    ['no target', [START, 'SUMMARY:A'], 'it has no X-DISPATCH-TARGET: give a --target'],
    ['an unknown target', [START, 'SUMMARY:A', 'X-DISPATCH-TARGET:FRIDGE'], "'FRIDGE' is neither a component id nor"],
    ['an end before the start', [...WHOLE, 'DTEND:20300101T090000Z'], 'DTEND must not be before the start'],
    ['two lengths', [...WHOLE, 'DTEND:20300101T110000Z', 'DURATION:PT1H'], 'DTEND, DURATION and X-DISPATCH-NO-END'],
    [
      'a week that starts on Sunday',
      [...WHOLE, 'RRULE:FREQ=WEEKLY;WKST=SU'],
      'WKST must be MO, because weeks start on Monday, got SU',
    ],
    [
      'a day that does not exist',
      [...WHOLE.slice(1), 'DTSTART:20270230T100000Z'],
      'DTSTART is 2027-02-30T10:00:00Z, a time that does not exist',
    ],
    ['an exception of a single run', [...WHOLE, 'EXDATE:20300101T100000Z'], 'EXDATE needs an RRULE'],
    [
      'a day as exception',
      [...WHOLE, 'RRULE:FREQ=DAILY', 'EXDATE;VALUE=DATE:20300102'],
      'EXDATE must be a time, got the day',
    ],
    [
      'exceptions only',
      [...WHOLE, 'RRULE:FREQ=DAILY;COUNT=1', 'EXDATE:20300101T100000Z'],
      'EXDATE leaves out all runs',
    ],
    ['more dates', [...WHOLE, 'RDATE:20300102T100000Z'], 'RDATE is not supported'],
    ['a changed occurrence', [...WHOLE, 'RECURRENCE-ID:20300102T100000Z'], 'RECURRENCE-ID is not supported'],
    ['two rules', [...WHOLE, 'RRULE:FREQ=DAILY', 'RRULE:FREQ=WEEKLY'], 'RRULE must be given once'],
    ['seconds', [...WHOLE, 'RRULE:FREQ=SECONDLY'], 'RRULE: FREQ must be one of'],
    ['BYSECOND', [...WHOLE, 'RRULE:FREQ=DAILY;BYSECOND=30'], 'RRULE: BYSECOND is not supported'],
    ['BYSETPOS', [...WHOLE, 'RRULE:FREQ=MONTHLY;BYDAY=MO;BYSETPOS=1'], 'RRULE: BYSETPOS is not supported'],
    ['an unknown part', [...WHOLE, 'RRULE:FREQ=DAILY;SKIP=OMIT'], 'RRULE: SKIP is not supported'],
    ['a numbered weekday', [...WHOLE, 'RRULE:FREQ=MONTHLY;BYDAY=1MO'], 'RRULE: BYDAY must be weekdays'],
    ['a local end', [...WHOLE, 'RRULE:FREQ=DAILY;UNTIL=20300201T000000'], 'RRULE: UNTIL must be a UTC time'],
    ['a day as end', [...WHOLE, 'RRULE:FREQ=DAILY;UNTIL=20300201'], 'RRULE: UNTIL must be a UTC time'],
    ['an event that may be', [...WHOLE, 'STATUS:TENTATIVE'], 'STATUS must be CONFIRMED or CANCELLED, got TENTATIVE'],
    ['a wrong flag', [...WHOLE, 'X-DISPATCH-DRY-RUN:MAYBE'], 'X-DISPATCH-DRY-RUN must be TRUE or FALSE, got MAYBE'],
    ['a wrong payload', [...WHOLE, 'X-DISPATCH-PAYLOAD:5'], 'It must be a JSON object'],
  ])('with %s is refused by the UID of its event', async (_, lines, message) => {
    expect(await readCalendar(calendarOf(event(...lines)), {})).toEqual([
      { source: 'event one@site', refusal: expect.stringContaining(message) },
    ]);
  });

  it('is told of an EXDATE that is no run, and of a UID that is there twice', async () => {
    const daily = [...WHOLE, 'RRULE:FREQ=DAILY;COUNT=5'];
    const notes = async (...events: string[]) =>
      (await readCalendar(calendarOf(...events), {})).map(entry => ('notes' in entry ? entry.notes : []));
    const unmatched = 'EXDATE leaves nothing out where no run starts: 2030-01-03 09:00:00 UTC';
    expect(await notes(event(...daily, 'EXDATE:20300103T090000Z'))).toMatchObject([[{ text: unmatched }]]);
    expect((await notes(event(...daily, 'EXDATE:20300103T090000Z,20300103T100000Z')))[0]).toMatchObject([
      { text: unmatched },
    ]);
    const twice = { text: 'an earlier event has the same UID: both are taken' };
    expect(await notes(event(...WHOLE), event(...WHOLE))).toMatchObject([[], [twice]]);
  });

  it('that is no plan, or no calendar, is refused', async () => {
    const todo = calendarOf('BEGIN:VTODO\r\nUID:two@site\r\nEND:VTODO');
    expect(await readCalendar(todo, {})).toEqual([
      { source: 'event two@site', refusal: 'VTODO is not supported, only VEVENT' },
    ]);
    const cancelled = calendarOf('METHOD:CANCEL', event(...WHOLE));
    expect(await readCalendar(cancelled, {})).toMatchObject([{ refusal: 'METHOD:CANCEL is not supported' }]);
    await expect(readCalendar('BEGIN:VCALENDAR\r\nnothing', {})).rejects.toThrow('The calendar cannot be read');
  });
});

describe('what remains of a plan', () => {
  const year = { min: Date.UTC(2026, 0) / 1000, max: Date.UTC(2027, 0) / 1000 };
  const record = dispatchArbitrary({ startTimeMs: fc.integer(year).map(seconds => seconds * 1000) });
  const later = fc.integer({ min: 1, max: 200 * 86_400 }).map(seconds => seconds * 1000);

  test.prop([record, later], { numRuns: 500 })('has the runs that the plan begins from then on', (given, laterMs) => {
    const nowMs = given.startTimeMs + laterMs;
    const remaining = remainingPlan(given, nowMs);
    const starts = (plan: DispatchPlan) => [...first(20, startsBetween(wholeRecord(plan), nowMs, nowMs + 400 * dayMs))];
    if (remaining.kind === 'whole' || remaining.kind === 'rest') expect(starts(remaining.plan)).toEqual(starts(given));
    else expect(starts(given)).toEqual([]);
  });
});

describe('an import', () => {
  const nowMs = monday10Ms;
  const ofStart = (offsetMs: number, fields: Partial<DispatchRecord> = {}) =>
    dispatchRecord({ startTimeMs: nowMs + offsetMs, durationMs: hourMs, ...fields });
  const entry = (record: DispatchRecord) => ({ source: 'line 1', plan: planOf(record) });
  const steps = (given: DispatchRecord[], existing: DispatchRecord[], atMs = nowMs) =>
    importPlan(given.map(entry), existing, atMs).map(step => ('id' in step ? step.id : step.step));

  it('creates what is to come, and leaves out what is over', () => {
    expect(steps([ofStart(hourMs), ofStart(-2 * hourMs)], [])).toEqual(['create', 'over']);
  });

  it('refuses what only runs now, unless it is there', () => {
    const on = ofStart(-hourMs / 2);
    expect(importPlan([entry(on)], [], nowMs)).toEqual([
      { source: 'line 1', step: 'refuse', message: expect.stringContaining('only a run that is on') },
    ]);
    expect(steps([on], [{ ...on, id: 9 }])).toEqual([9]);
  });

  it('continues a rule that began in the past, with the rest of its count', () => {
    const [step] = importPlan([entry(ofStart(-2.5 * hourMs, { recurrence: daily({ count: 5 }) }))], [], nowMs);
    expect(step).toMatchObject({
      step: 'create',
      plan: { startTimeMs: nowMs + 21.5 * hourMs, recurrence: { count: 4 } },
    });
  });

  it('finds its dispatches again at any later time, whatever became of their start and whether they are active', () => {
    const whole = ofStart(-3 * dayMs - hourMs, { recurrence: daily({ count: 20 }) });
    const [step] = importPlan([entry(whole)], [], nowMs);
    if (step?.step !== 'create') throw new Error('it is not created');
    const created = { ...dispatchRecord(step.plan), id: 7, active: false };
    for (const laterMs of [0, hourMs, 5 * dayMs]) expect(steps([whole], [created], nowMs + laterMs)).toEqual([7]);
    expect(importPlan([entry(whole)], [created], nowMs)).toMatchObject([{ notes: ['it is inactive there'] }]);
  });

  it('finds what a calendar writes again, which begins with the first run and not with the start', async () => {
    const rule = { frequency: 'WEEKLY', interval: 1, byWeekdays: ['TUESDAY'], count: 9 } as const;
    const whole = ofStart(2 * dayMs + 700, { recurrence: rule, payload: {} });
    const written = writer.begin + (await writer.event(new Dispatch(whole))) + writer.end;
    const [ofCalendar] = await readCalendar(written, {});
    if (ofCalendar === undefined || 'refusal' in ofCalendar) throw new Error('the calendar is refused');
    expect(importPlan([ofCalendar], [{ ...whole, id: 7 }], nowMs)).toMatchObject([{ step: 'present', id: 7 }]);
    const created = { ...dispatchRecord(ofCalendar.plan), id: 8 };
    expect(steps([whole], [created])).toEqual([8]);
    const other = { ...whole, startTimeMs: whole.startTimeMs + 7 * dayMs };
    expect(steps([other], [created])).toEqual(['create']);
  });

  it('takes each dispatch for one entry, and none that differs', () => {
    const one = ofStart(hourMs);
    expect(steps([one, one], [{ ...one, id: 7 }])).toEqual([7, 'create']);
    for (const fields of [{ type: 'B' }, { durationMs: 1_000 }, { dryRun: true }, { payload: { kw: 1 } }]) {
      expect(steps([one], [{ ...one, ...fields, id: 7 }])).toEqual(['create']);
    }
    expect(steps([one], [{ ...one, recurrence: daily(), id: 7 }])).toEqual(['create']);
  });
});

function first<T>(count: number, values: Iterable<T>): T[] {
  const taken: T[] = [];
  for (const value of values) {
    if (taken.length === count) break;
    taken.push(value);
  }
  return taken;
}
