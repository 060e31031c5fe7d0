import { describe, expect, it } from 'vitest';
import type { DispatchMachineEvent } from '../../../machines/dispatch/dispatchPlan.js';
import type { DispatchRecord } from '../../../src/model/dispatchRecord.js';
import { daily, dispatchRecord, hourMs, minuteMs } from '../../support/dispatchRecord.js';
import { playDispatch } from '../../support/playDispatch.js';
import { at } from '../../support/time.js';

type Changes = Partial<DispatchRecord>;

/** An event and its time; an update with what it changes in the dispatch as it was at first. */
type Row = [event: 'time' | 'delete', time: string] | [event: 'update', time: string, changes: Changes];

const once: Changes = {};
const endless: Changes = { durationMs: null };
const zero: Changes = { durationMs: 0 };
const everyDay: Changes = { recurrence: daily() };
/** Runs of 30 minutes, one after the other. */
const touching: Changes = { recurrence: daily({ frequency: 'MINUTELY', interval: 30 }) };
/** Runs of 30 minutes, every 10 minutes. */
const overlapping: Changes = { recurrence: daily({ frequency: 'MINUTELY', interval: 10 }) };
/** Runs of 5 minutes, every 10 minutes. */
const brief: Changes = { ...overlapping, durationMs: 5 * minuteMs };
const inactive: Changes = { active: false };

function play(dispatch: Changes, start: string, rows: readonly Row[], cause: 'sync' | 'update' = 'sync') {
  const record = dispatchRecord(dispatch);
  const events = rows.map(([event, time, changes]): DispatchMachineEvent => {
    const atMs = at(time);
    if (event === 'time') return { type: 'timer.due', atMs };
    if (event === 'delete') return { type: 'dispatch.deleted', atMs };
    return { type: 'dispatch.updated', atMs, dispatch: { ...record, ...changes } };
  });
  return playDispatch({ dispatch: record, atMs: at(start), cause }, events);
}

/** What the last event led to. */
function last(dispatch: Changes, start: string, ...rows: Row[]) {
  return play(dispatch, start, rows).at(-1);
}

describe('where a dispatch begins', () => {
  it.each<[string, Changes, string, string, string, string[]]>([
    ['waits for its start', once, '09:00', 'idle', 'start 10:00', []],
    ['is found inside its run', once, '10:05', 'running', 'stop 10:30', ['started 10:00-10:30 by sync at 10:05']],
    ['is found at its very start', once, '10:00', 'running', 'stop 10:30', ['started 10:00-10:30 by sync at 10:00']],
    ['is over at its very end', once, '10:30', 'stopped', 'nothing', []],
    ['is over', once, '12:00', 'stopped', 'nothing', []],
    ['is inactive', inactive, '10:05', 'stopped', 'nothing', []],
    ['waits for the next of its runs', everyDay, '12:00', 'idle', 'start Tue 10:00', []],
    ['runs without end', endless, '12:00', 'running', 'nothing', ['started 10:00-never by sync at 12:00']],
    [
      'runs once and without end although it has a rule',
      { ...endless, ...everyDay },
      'Tue 12:00',
      'running',
      'nothing',
      ['started 10:00-never by sync at Tue 12:00'],
    ],
    ['never runs', { recurrence: daily({ byMonths: [2], byMonthDays: [30] }) }, '09:00', 'stopped', 'nothing', []],
    ['never ran although its zero-length run is just over', zero, '10:00:01.001', 'stopped', 'nothing', []],
    [
      'comes within a second of its zero-length run',
      zero,
      '10:00:01',
      'stopped',
      'nothing',
      ['started 10:00-10:00 by sync at 10:00:01', 'stopped 10:00-10:00 by schedule at 10:00 +1000'],
    ],
  ])('%s', (_, dispatch, start, state, next, emitted) => {
    expect(play(dispatch, start, [])).toEqual([{ state, next, emitted }]);
  });

  it('says that an update brought it when the first sync did not', () => {
    expect(play(once, '10:05', [], 'update')[0]?.emitted).toEqual(['started 10:00-10:30 by update at 10:05']);
  });
});

describe('time', () => {
  it.each<[string, Changes, Row[], string, string, string[]]>([
    ['starts a run', once, [['time', '10:00']], 'running', 'stop 10:30', ['started 10:00-10:30 by schedule at 10:00']],
    [
      'starts a run late',
      once,
      [['time', '10:01']],
      'running',
      'stop 10:30',
      ['started 10:00-10:30 by schedule at 10:00 +60000'],
    ],
    ['that comes early changes nothing', once, [['time', '09:59:59.999']], 'idle', 'start 10:00', []],
    [
      'ends a run',
      once,
      [
        ['time', '10:00'],
        ['time', '10:30'],
      ],
      'stopped',
      'nothing',
      ['stopped 10:00-10:30 by schedule at 10:30'],
    ],
    [
      'that comes early does not end a run',
      once,
      [
        ['time', '10:00'],
        ['time', '10:29:59.999'],
      ],
      'running',
      'stop 10:30',
      [],
    ],
    [
      'ends a run and waits for the next',
      everyDay,
      [
        ['time', '10:00'],
        ['time', '10:30'],
      ],
      'idle',
      'start Tue 10:00',
      ['stopped 10:00-10:30 by schedule at 10:30'],
    ],
    [
      'leads from a run into one that touches it',
      touching,
      [
        ['time', '10:00'],
        ['time', '10:30'],
      ],
      'running',
      'start 11:00',
      ['started 10:30-11:00 by schedule at 10:30'],
    ],
    [
      'leads from a run into one that overlaps it',
      overlapping,
      [
        ['time', '10:00'],
        ['time', '10:10'],
      ],
      'running',
      'start 10:20',
      ['started 10:10-10:40 by schedule at 10:10'],
    ],
    [
      'starts and ends a zero-length run at once',
      zero,
      [['time', '10:00']],
      'stopped',
      'nothing',
      ['started 10:00-10:00 by schedule at 10:00', 'stopped 10:00-10:00 by schedule at 10:00'],
    ],
    [
      'starts and ends a zero-length run that is noticed within a second',
      zero,
      [['time', '10:00:01']],
      'stopped',
      'nothing',
      ['started 10:00-10:00 by schedule at 10:00 +1000', 'stopped 10:00-10:00 by schedule at 10:00 +1000'],
    ],
    [
      'misses a zero-length run after a second',
      zero,
      [['time', '10:00:01.001']],
      'stopped',
      'nothing',
      ['missed 1 10:00..10:00'],
    ],
    ['misses a run that passed whole', once, [['time', '10:30']], 'stopped', 'nothing', ['missed 1 10:00..10:00']],
    [
      'misses runs and waits for the next',
      everyDay,
      [['time', 'Thu 12:00']],
      'idle',
      'start Fri 10:00',
      ['missed 4 10:00..Thu 10:00'],
    ],
    [
      'misses runs and starts the present one with its true end',
      everyDay,
      [['time', 'Thu 10:10']],
      'running',
      'stop Thu 10:30',
      ['missed 3 10:00..Wed 10:00', 'started Thu 10:00-Thu 10:30 by schedule at Thu 10:00 +600000'],
    ],
    [
      'ends a run, misses some and starts the present one',
      everyDay,
      [
        ['time', '10:00'],
        ['time', 'Thu 10:10'],
      ],
      'running',
      'stop Thu 10:30',
      [
        'stopped 10:00-10:30 by schedule at 10:30 +258000000',
        'missed 2 Tue 10:00..Wed 10:00',
        'started Thu 10:00-Thu 10:30 by schedule at Thu 10:00 +600000',
      ],
    ],
    [
      'ends a run late and misses those since',
      everyDay,
      [
        ['time', '10:00'],
        ['time', 'Wed 12:00'],
      ],
      'idle',
      'start Thu 10:00',
      ['stopped 10:00-10:30 by schedule at 10:30 +178200000', 'missed 2 Tue 10:00..Wed 10:00'],
    ],
    [
      'leads over missed runs that touch without a stop',
      touching,
      [
        ['time', '10:00'],
        ['time', '11:40'],
      ],
      'running',
      'start 12:00',
      ['missed 2 10:30..11:00', 'started 11:30-12:00 by schedule at 11:30 +600000'],
    ],
    [
      'follows runs that touch no further than it counts those missed',
      { recurrence: daily({ frequency: 'MINUTELY' }), durationMs: minuteMs },
      [
        ['time', '10:00'],
        ['time', 'Sun 10:00'],
      ],
      'running',
      'start Sun 10:01',
      [
        'stopped 10:00-10:01 by schedule at 10:01 +518340000',
        'missed 1000+ 10:01..Sun 09:59',
        'started Sun 10:00-Sun 10:01 by schedule at Sun 10:00',
      ],
    ],
    [
      'stops a run that led to others, but not to the present one without a gap',
      { recurrence: daily({ frequency: 'MINUTELY', interval: 30, byHours: [10] }) },
      [
        ['time', '10:00'],
        ['time', 'Tue 10:40'],
      ],
      'running',
      'stop Tue 11:00',
      [
        'stopped 10:00-10:30 by schedule at 10:30 +87000000',
        'missed 2 10:30..Tue 10:00',
        'started Tue 10:30-Tue 11:00 by schedule at Tue 10:30 +600000',
      ],
    ],
    [
      'counts missed runs exactly up to 1,000',
      { recurrence: daily({ frequency: 'MINUTELY' }), durationMs: 1000 },
      [['time', 'Tue 02:39:30']],
      'idle',
      'start Tue 02:40',
      ['missed 1000 10:00..Tue 02:39'],
    ],
    [
      'counts no more than 1,000 missed runs',
      { recurrence: daily({ frequency: 'MINUTELY' }), durationMs: 1000 },
      [['time', 'Sun 23:59:30']],
      'idle',
      'start day 7 00:00',
      ['missed 1000+ 10:00..Sun 23:59'],
    ],
    [
      'has nothing to do in a run without end',
      endless,
      [
        ['time', '10:00'],
        ['time', 'Sun 10:00'],
      ],
      'running',
      'nothing',
      [],
    ],
    ['has nothing to do when stopped', inactive, [['time', '10:00']], 'stopped', 'nothing', []],
  ])('%s', (_, dispatch, rows, state, next, emitted) => {
    expect(last(dispatch, '09:00', ...rows)).toEqual({ state, next, emitted });
  });

  it('begins the first run of a rule at the start time, not at the whole second before', () => {
    const dispatch = { ...everyDay, startTimeMs: at('10:00:00.250') };
    expect(
      play(dispatch, '09:00', [
        ['time', '10:00:00.250'],
        ['time', '10:30'],
        ['time', 'Tue 10:00'],
      ]),
    ).toMatchObject([
      { next: 'start 10:00:00.250' },
      { emitted: ['started 10:00:00.250-10:30 by schedule at 10:00:00.250'] },
      { next: 'start Tue 10:00' },
      { emitted: ['started Tue 10:00-Tue 10:30 by schedule at Tue 10:00'] },
    ]);
  });
});

describe('a clock that goes back', () => {
  it.each<[string, Changes, Row[], string, string, string[]]>([
    [
      'inside a run changes nothing',
      once,
      [
        ['time', '10:10'],
        ['time', '10:05'],
      ],
      'running',
      'stop 10:30',
      [],
    ],
    [
      'by a minute before a run lets it go on',
      once,
      [
        ['time', '10:00'],
        ['time', '09:59'],
      ],
      'running',
      'stop 10:30',
      [],
    ],
    [
      'by more stops the run',
      once,
      [
        ['time', '10:00'],
        ['time', '09:58:59.999'],
      ],
      'idle',
      'start 10:00',
      ['stopped 10:00-10:30 by schedule at 09:58:59.999'],
    ],
    [
      'and passes the start again announces the run again',
      once,
      [
        ['time', '10:00'],
        ['time', '09:00'],
        ['time', '10:00'],
      ],
      'running',
      'stop 10:30',
      ['started 10:00-10:30 by schedule at 10:00'],
    ],
    [
      'to before earlier runs does not announce those again',
      everyDay,
      [
        ['time', '10:00'],
        ['time', '10:30'],
        ['time', 'Tue 10:00'],
        ['time', '09:00'],
        ['time', '10:00'],
      ],
      'idle',
      'start Tue 10:00',
      [],
    ],
    [
      'lets a run start in its time that was missed while the clock was ahead',
      once,
      [
        ['time', '11:00'],
        ['time', '09:30'],
        ['time', '10:00'],
      ],
      'running',
      'stop 10:30',
      ['started 10:00-10:30 by schedule at 10:00'],
    ],
    [
      'lets today run in its time although tomorrow was announced while the clock was ahead',
      everyDay,
      [
        ['time', 'Tue 10:05'],
        ['update', 'Tue 10:06', { ...everyDay, payload: { kw: 1 } }],
        ['time', '09:30'],
        ['time', '10:00'],
      ],
      'running',
      'stop 10:30',
      ['started 10:00-10:30 by schedule at 10:00'],
    ],
    [
      'into a run that was only missed starts it',
      once,
      [
        ['time', '11:00'],
        ['time', '10:10'],
      ],
      'running',
      'stop 10:30',
      ['started 10:00-10:30 by schedule at 10:00 +600000'],
    ],
    [
      'from a run into one that was only missed stops the one and starts the other',
      everyDay,
      [
        ['time', 'Tue 10:05'],
        ['time', '10:10'],
      ],
      'running',
      'stop 10:30',
      ['stopped Tue 10:00-Tue 10:30 by schedule at 10:10', 'started 10:00-10:30 by schedule at 10:00 +600000'],
    ],
    [
      'into a run that is over does not start it',
      once,
      [
        ['time', '10:00'],
        ['time', '10:30'],
        ['time', '10:10'],
      ],
      'stopped',
      'nothing',
      [],
    ],
    [
      'to before a run that is over does not start it',
      everyDay,
      [
        ['time', '10:00'],
        ['time', '10:30'],
        ['time', '09:00'],
        ['time', '10:00'],
      ],
      'idle',
      'start Tue 10:00',
      [],
    ],
    ['while a run waits changes nothing', once, [['time', '08:00']], 'idle', 'start 10:00', []],
    [
      'a little before a run, with an update that leaves it alone, lets it go on',
      once,
      [
        ['time', '10:00'],
        ['update', '09:59:30', { payload: { kw: 1 } }],
      ],
      'running',
      'stop 10:30',
      ['reconfigured 10:00-10:30 by update at 09:59:30'],
    ],
    [
      'a little before a run, with an update that puts it off, stops it',
      once,
      [
        ['time', '10:00'],
        ['update', '09:59:30', { startTimeMs: at('11:00') }],
      ],
      'idle',
      'start 11:00',
      ['stopped 10:00-10:30 by update at 09:59:30'],
    ],
    [
      'a little before a run, with an update that moves the run to before, stops it and lets that one come',
      once,
      [
        ['time', '10:00'],
        ['update', '09:59:30', { startTimeMs: at('09:59:40'), durationMs: 10_000 }],
      ],
      'idle',
      'start 09:59:40',
      ['stopped 10:00-10:30 by update at 09:59:30'],
    ],
    [
      'a little before a run, with an update that moves the run to now, lets it go on there',
      once,
      [
        ['time', '10:00'],
        ['update', '09:59:30', { startTimeMs: at('09:59:30'), durationMs: 10_000 }],
      ],
      'running',
      'stop 09:59:40',
      ['reconfigured 09:59:30-09:59:40 by update at 09:59:30'],
    ],
    [
      'to before a run that an update moved announces it again where it was moved to',
      once,
      [
        ['time', '10:00'],
        ['update', '10:05', { startTimeMs: at('09:58') }],
        ['time', '09:50'],
        ['time', '09:58'],
      ],
      'running',
      'stop 10:28',
      ['started 09:58-10:28 by schedule at 09:58'],
    ],
    [
      'twice, with an update in between, does not announce again what was',
      brief,
      [
        ['time', '10:00'],
        ['time', '10:05'],
        ['time', '10:10'],
        ['time', '10:15'],
        ['update', '10:08', { ...brief, payload: { kw: 1 } }],
        ['time', '09:55'],
        ['time', '10:00'],
      ],
      'idle',
      'start 10:10',
      [],
    ],
    [
      'into a run that is over lets an update start it',
      once,
      [
        ['time', '10:00'],
        ['time', '10:30'],
        ['update', '10:10', {}],
      ],
      'running',
      'stop 10:30',
      ['started 10:00-10:30 by update at 10:10'],
    ],
  ])('%s', (_, dispatch, rows, state, next, emitted) => {
    expect(last(dispatch, '09:00', ...rows)).toEqual({ state, next, emitted });
  });

  it('makes a run wait that was over before it was known', () => {
    expect(play(once, '12:00', [['time', '09:00']]).at(-1)).toEqual({
      state: 'idle',
      next: 'start 10:00',
      emitted: [],
    });
  });
});

describe('an update outside a run', () => {
  it.each<[string, Changes, Row[], string, string, string[]]>([
    ['moves the start', once, [['update', '09:30', { startTimeMs: at('11:00') }]], 'idle', 'start 11:00', []],
    [
      'moves the start to now',
      once,
      [['update', '09:30', { startTimeMs: at('09:30') }]],
      'running',
      'stop 10:00',
      ['started 09:30-10:00 by update at 09:30'],
    ],
    [
      'moves the start into the past, so that a run is there',
      once,
      [['update', '09:30', { startTimeMs: at('09:10') }]],
      'running',
      'stop 09:40',
      ['started 09:10-09:40 by update at 09:30'],
    ],
    [
      'moves the start into the past, so that the run is over',
      once,
      [['update', '09:30', { startTimeMs: at('08:00') }]],
      'stopped',
      'nothing',
      [],
    ],
    ['deactivates', once, [['update', '09:30', inactive]], 'stopped', 'nothing', []],
    ['activates before the start', inactive, [['update', '09:30', { active: true }]], 'idle', 'start 10:00', []],
    [
      'activates inside a run',
      inactive,
      [['update', '10:10', { active: true }]],
      'running',
      'stop 10:30',
      ['started 10:00-10:30 by update at 10:10'],
    ],
    ['activates after the run', inactive, [['update', '10:30', { active: true }]], 'stopped', 'nothing', []],
    [
      'changes what does not matter now',
      once,
      [['update', '09:30', { payload: { kw: 1 }, dryRun: true, type: 'HOLD' }]],
      'idle',
      'start 10:00',
      [],
    ],
    [
      'at the very start wins over the timer',
      once,
      [['update', '10:00', { payload: { kw: 1 } }]],
      'running',
      'stop 10:30',
      ['started 10:00-10:30 by update at 10:00'],
    ],
    [
      'at the very start that puts the run off',
      once,
      [['update', '10:00', { startTimeMs: at('11:00') }]],
      'idle',
      'start 11:00',
      [],
    ],
    [
      'gives a run that was over a longer duration',
      once,
      [
        ['time', '10:00'],
        ['time', '10:30'],
        ['update', '10:40', { durationMs: hourMs }],
      ],
      'running',
      'stop 11:00',
      ['started 10:00-11:00 by update at 10:40'],
    ],
    ['misses nothing', everyDay, [['update', 'Thu 12:00', {}]], 'idle', 'start Fri 10:00', []],
    [
      'makes a zero-length run of now',
      once,
      [['update', '09:30', { startTimeMs: at('09:30'), ...zero }]],
      'stopped',
      'nothing',
      ['started 09:30-09:30 by update at 09:30', 'stopped 09:30-09:30 by schedule at 09:30'],
    ],
    [
      'does not repeat a zero-length run',
      zero,
      [
        ['time', '10:00'],
        ['update', '10:00:00.500', { payload: { kw: 1 } }],
      ],
      'stopped',
      'nothing',
      [],
    ],
    [
      'gives a rule to what was over',
      once,
      [
        ['time', '12:00'],
        ['update', '12:00', everyDay],
      ],
      'idle',
      'start Tue 10:00',
      [],
    ],
  ])('%s', (_, dispatch, rows, state, next, emitted) => {
    expect(last(dispatch, '09:00', ...rows)).toEqual({ state, next, emitted });
  });
});

describe('an update inside a run', () => {
  const started: Row = ['time', '10:00'];

  it.each<[string, Changes, Changes, string, string, string[]]>([
    [
      'changes the payload',
      once,
      { payload: { kw: 1 } },
      'running',
      'stop 10:30',
      ['reconfigured 10:00-10:30 by update at 10:10'],
    ],
    [
      'changes the selector',
      once,
      { selector: { ids: [6] } },
      'running',
      'stop 10:30',
      ['reconfigured 10:00-10:30 by update at 10:10'],
    ],
    [
      'changes from dry run',
      once,
      { dryRun: true },
      'running',
      'stop 10:30',
      ['reconfigured 10:00-10:30 by update at 10:10'],
    ],
    [
      'makes the duration longer',
      once,
      { durationMs: hourMs },
      'running',
      'stop 11:00',
      ['reconfigured 10:00-11:00 by update at 10:10'],
    ],
    [
      'makes the duration shorter',
      once,
      { durationMs: 20 * minuteMs },
      'running',
      'stop 10:20',
      ['reconfigured 10:00-10:20 by update at 10:10'],
    ],
    [
      'makes the duration so short that the run is over',
      once,
      { durationMs: 10 * minuteMs },
      'stopped',
      'nothing',
      ['stopped 10:00-10:30 by update at 10:10'],
    ],
    ['makes the duration zero', once, zero, 'stopped', 'nothing', ['stopped 10:00-10:30 by update at 10:10']],
    ['takes the end away', once, endless, 'running', 'nothing', ['reconfigured 10:00-never by update at 10:10']],
    [
      'gives a run without end a duration',
      endless,
      { durationMs: hourMs },
      'running',
      'stop 11:00',
      ['reconfigured 10:00-11:00 by update at 10:10'],
    ],
    [
      'gives a run without end a duration that is over',
      endless,
      { durationMs: 5 * minuteMs },
      'stopped',
      'nothing',
      ['stopped 10:00-never by update at 10:10'],
    ],
    [
      'moves the start into the future',
      once,
      { startTimeMs: at('11:00') },
      'idle',
      'start 11:00',
      ['stopped 10:00-10:30 by update at 10:10'],
    ],
    [
      'moves the start within the run',
      once,
      { startTimeMs: at('10:05') },
      'running',
      'stop 10:35',
      ['reconfigured 10:05-10:35 by update at 10:10'],
    ],
    ['deactivates', once, inactive, 'stopped', 'nothing', ['stopped 10:00-10:30 by update at 10:10']],
    [
      'changes the type',
      once,
      { type: 'HOLD' },
      'running',
      'stop 10:30',
      ['stopped 10:00-10:30 by update at 10:10', 'started 10:00-10:30 by update at 10:10'],
    ],
    ['gives it a rule', once, everyDay, 'running', 'stop 10:30', []],
    ['changes nothing that matters', once, { selector: { ids: [5, 5] } }, 'running', 'stop 10:30', []],
    [
      'writes the payload in another order',
      { payload: { a: 1, b: [2] } },
      { payload: { b: [2], a: 1 } },
      'running',
      'stop 10:30',
      [],
    ],
  ])('%s', (_, dispatch, changes, state, next, emitted) => {
    const full = { ...dispatch, ...changes };
    expect(last(dispatch, '09:00', started, ['update', '10:10', full])).toEqual({ state, next, emitted });
  });

  it.each<[string, Changes, Row, string, string[]]>([
    [
      'at its very end lets it stop by schedule',
      once,
      ['update', '10:30', { payload: { kw: 1 } }],
      'stopped',
      ['stopped 10:00-10:30 by schedule at 10:30'],
    ],
    [
      'at its very end starts the longer run that it makes',
      once,
      ['update', '10:30', { durationMs: hourMs }],
      'running',
      ['stopped 10:00-10:30 by schedule at 10:30', 'started 10:00-11:00 by update at 10:30'],
    ],
    [
      'at the start of the next that overlaps it starts that one',
      overlapping,
      ['update', '10:10', { payload: { kw: 1 } }],
      'running',
      ['started 10:10-10:40 by update at 10:10'],
    ],
    [
      'at the start of the next that touches it stops the one and starts the other',
      touching,
      ['update', '10:30', { payload: { kw: 1 } }],
      'running',
      ['stopped 10:00-10:30 by schedule at 10:30', 'started 10:30-11:00 by update at 10:30'],
    ],
  ])('%s', (_, dispatch, row, state, emitted) => {
    expect(last(dispatch, '09:00', started, row)).toMatchObject({ state, emitted });
  });
});

describe('a deletion', () => {
  it.each<[string, Changes, Row[], string[]]>([
    ['of a dispatch that waits says nothing', once, [['delete', '09:30']], []],
    [
      'of a dispatch that runs stops it',
      once,
      [
        ['time', '10:00'],
        ['delete', '10:10'],
      ],
      ['stopped 10:00-10:30 by delete at 10:10'],
    ],
    [
      'of a dispatch that runs without end stops it',
      endless,
      [
        ['time', '10:00'],
        ['delete', '10:10'],
      ],
      ['stopped 10:00-never by delete at 10:10'],
    ],
    [
      'at the very end of a run lets it stop by schedule',
      once,
      [
        ['time', '10:00'],
        ['delete', '10:30'],
      ],
      ['stopped 10:00-10:30 by schedule at 10:30'],
    ],
    ['of a dispatch that is stopped says nothing', inactive, [['delete', '10:10']], []],
  ])('%s', (_, dispatch, rows, emitted) => {
    expect(last(dispatch, '09:00', ...rows)).toMatchObject({ state: 'deleted', emitted });
  });

  it.each<Row>([
    ['time', '11:00'],
    ['update', '11:00', { startTimeMs: at('11:00') }],
    ['delete', '11:00'],
  ])('is final whatever comes (%s)', (...row) => {
    expect(last(once, '09:00', ['delete', '09:30'], row as Row)).toMatchObject({ state: 'deleted', emitted: [] });
  });
});
