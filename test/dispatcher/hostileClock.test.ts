import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { Dispatcher } from '../../src/dispatcher/dispatcher.js';
import type { DispatchRecord } from '../../src/model/dispatchRecord.js';
import { memoryTransport } from '../../src/testing/memoryTransport.js';
import { recordNotifications } from '../../src/testing/recordNotifications.js';
import { simulatedClock } from '../../src/testing/simulatedClock.js';
import { daily, dayMs, dispatchRecord, hourMs, minuteMs } from '../support/dispatchRecord.js';
import { startDispatcher, type TestDispatcher } from '../support/startDispatcher.js';
import { at, show } from '../support/time.js';

type Changes = Partial<DispatchRecord>;

const once: Changes = {};
const endless: Changes = { durationMs: null };
const zero: Changes = { durationMs: 0 };
const everyDay: Changes = { recurrence: daily() };
const everyHour: Changes = { recurrence: daily({ frequency: 'HOURLY' }) };
/** Runs of 30 minutes, one after the other. */
const touching: Changes = { recurrence: daily({ frequency: 'MINUTELY', interval: 30 }) };
/** Runs of 30 minutes, every 10 minutes. */
const overlapping: Changes = { recurrence: daily({ frequency: 'MINUTELY', interval: 10 }) };

const started = '1 started 10:00-10:30 by schedule at 10:00';
const stopped = '1 stopped 10:00-10:30 by schedule at 10:30';

/** What must hold whatever the clock does; each test fails when one of these is broken. */
const broken: string[] = [];

afterEach(() => {
  expect(broken.splice(0)).toEqual([]);
});

type StartOptions = NonNullable<Parameters<typeof startDispatcher>[0]>;

/** Starts a dispatcher that is watched: nothing early, and a stop only of what was started. */
async function start(dispatches: Changes | DispatchRecord[], options: StartOptions = {}): Promise<TestDispatcher> {
  const records = Array.isArray(dispatches) ? dispatches : [dispatchRecord(dispatches)];
  const test = await startDispatcher({ ...options, dispatches: records, sync: false });
  const running = new Map<number, number>();
  test.dispatcher.actor.on('*', output => {
    if (!('run' in output)) return;
    const { type, dispatch, run, atMs, lateMs, cause } = output;
    const isNow = atMs + lateMs === test.clock.nowMs();
    if (lateMs < 0 || !isNow || (cause === 'schedule' && type === 'running.started' && atMs !== run.startMs)) {
      broken.push(`${type} at ${show(atMs)} +${lateMs} was said at ${show(test.clock.nowMs())}`);
    }
    const presentMs = running.get(dispatch.id);
    if (type === 'running.started') {
      if (presentMs !== undefined && presentMs >= run.startMs) broken.push(`${type} twice: ${show(run.startMs)}`);
      running.set(dispatch.id, run.startMs);
    } else if (type !== 'run.missed') {
      if (presentMs === undefined) broken.push(`${type} without a start: ${show(run.startMs)}`);
      if (type === 'running.stopped') running.delete(dispatch.id);
    }
  });
  await test.dispatcher.start();
  await test.dispatcher.ready();
  return test;
}

/** Sleeps until a second before an instant of the future, and lets that second pass. */
async function sleepTo({ clock }: TestDispatcher, ms: number): Promise<void> {
  clock.suspend(ms - 1_000 - clock.nowMs());
  await clock.advanceTo(ms);
}

type Row = [what: string, dispatch: Changes, from: string, ms: number, soon: string[], until: string, later: string[]];

/** What is said within a second of a hostile act, and from then on. */
async function play([, dispatch, from, ms, soon, until, later]: Row, act: 'step' | 'suspend' | 'stall') {
  await using test = await start(dispatch);
  await test.clock.advanceTo(at(from));
  test.said();
  test.clock[act](ms);
  await test.clock.advanceBy(1_000);
  expect(test.said()).toEqual(soon);
  await test.clock.advanceTo(at(until));
  expect(test.said()).toEqual(later);
}

describe('the wall clock steps forward', () => {
  it.each<Row>([
    ['a second, before a run', once, '09:59:30', 1_000, [], '11:00', [started, stopped]],
    ['a second, over the start', once, '09:59:59.500', 1_000, [`${started} +1000`], '11:00', [stopped]],
    ['a second, over the end', once, '10:29:59.500', 1_000, [`${stopped} +1000`], '11:00', []],
    [
      'half a minute, over a whole run',
      { durationMs: 10_000 },
      '09:59:55',
      30_000,
      ['1 missed 1 10:00..10:00'],
      '11:00',
      [],
    ],
    ['a minute, into a run', once, '09:59:30', minuteMs, [`${started} +31000`], '11:00', [stopped]],
    ['ten minutes, inside a run', once, '10:10', 10 * minuteMs, [], '11:00', [stopped]],
    ['an hour, over a whole run', once, '09:30', hourMs, ['1 missed 1 10:00..10:00'], '11:00', []],
    ['an hour, out of a run', once, '10:10', hourMs, [`${stopped} +2401000`], '12:00', []],
    ['an hour, inside a run without end', endless, '10:10', hourMs, [], '12:00', []],
    [
      'an hour, over runs that touch',
      touching,
      '10:10',
      hourMs,
      ['1 missed 1 10:30..10:30', '1 started 11:00-11:30 by schedule at 11:00 +601000'],
      '11:30',
      ['1 started 11:30-12:00 by schedule at 11:30'],
    ],
    [
      'an hour, over runs that overlap',
      overlapping,
      '10:05',
      hourMs,
      ['1 missed 5 10:10..10:50', '1 started 11:00-11:30 by schedule at 11:00 +301000'],
      '11:10',
      ['1 started 11:10-11:40 by schedule at 11:10'],
    ],
    [
      'a day, from before a run',
      everyDay,
      '09:30',
      dayMs,
      ['1 missed 1 10:00..10:00'],
      'Tue 11:00',
      [
        '1 started Tue 10:00-Tue 10:30 by schedule at Tue 10:00',
        '1 stopped Tue 10:00-Tue 10:30 by schedule at Tue 10:30',
      ],
    ],
    [
      'a day, from inside a run',
      everyDay,
      '10:10',
      dayMs,
      [`${stopped} +85201000`, '1 started Tue 10:00-Tue 10:30 by schedule at Tue 10:00 +601000'],
      'Tue 11:00',
      ['1 stopped Tue 10:00-Tue 10:30 by schedule at Tue 10:30'],
    ],
    ['a day, from after a run', everyDay, '10:40', dayMs, ['1 missed 1 Tue 10:00..Tue 10:00'], 'Tue 12:00', []],
    ['a day, over one that is inactive', { ...everyDay, active: false }, '09:30', dayMs, [], 'Tue 11:00', []],
    [
      'a second, over a run of no length',
      zero,
      '09:59:59.500',
      1_000,
      ['1 started 10:00-10:00 by schedule at 10:00 +1000', '1 stopped 10:00-10:00 by schedule at 10:00 +1000'],
      '11:00',
      [],
    ],
    ['over a second, over a run of no length', zero, '09:59:59.500', 1_001, ['1 missed 1 10:00..10:00'], '11:00', []],
  ])('by %s', (...row) => play(row, 'step'));

  it('by half a century, as on a computer that boots without a clock', async () => {
    await using test = await start(everyDay, { now: 0 });
    test.said();
    test.clock.step(at('Thu 10:10'));
    await test.clock.advanceBy(1_000);
    // Nothing was missed before the program began, half a century late by that clock.
    expect(test.said()).toEqual(['1 started Thu 10:00-Thu 10:30 by sync at Thu 10:10:01']);
  });
});

describe('the wall clock steps back', () => {
  it.each<Row>([
    ['a second, before a run', once, '09:59:59.500', -1_000, [], '11:00', [started, stopped]],
    ['a second, at the very start', once, '10:00', -1_000, [], '11:00', [stopped]],
    ['a second, inside a run', once, '10:10', -1_000, [], '11:00', [stopped]],
    ['a second, at the very end', once, '10:30', -1_000, [], '11:00', []],
    ['a minute, to a little before the run', once, '10:00:30', -minuteMs, [], '11:00', [stopped]],
    [
      'two minutes, to more than one before the run',
      once,
      '10:00:30',
      -2 * minuteMs,
      ['1 stopped 10:00-10:30 by schedule at 09:58:31'],
      '11:00',
      [started, stopped],
    ],
    [
      'an hour, from inside a run',
      once,
      '10:10',
      -hourMs,
      ['1 stopped 10:00-10:30 by schedule at 09:10:01'],
      '11:00',
      [started, stopped],
    ],
    [
      'an hour, from inside a run without end',
      endless,
      '10:10',
      -hourMs,
      ['1 stopped 10:00-never by schedule at 09:10:01'],
      '11:00',
      ['1 started 10:00-never by schedule at 10:00'],
    ],
    ['25 minutes, into a run that is over', once, '10:40', -25 * minuteMs, [], '11:00', []],
    ['an hour, to before a run that is over', once, '10:40', -hourMs, [], '11:00', []],
    ['an hour, to before a run of no length that is over', zero, '10:40', -hourMs, [], '11:00', []],
    [
      'ten minutes, from inside a run into the one that it touches',
      touching,
      '10:35',
      -10 * minuteMs,
      ['1 stopped 10:30-11:00 by schedule at 10:25:01'],
      '11:00',
      ['1 started 10:30-11:00 by schedule at 10:30', '1 started 11:00-11:30 by schedule at 11:00'],
    ],
    [
      'a day, from inside a run',
      everyDay,
      '10:10',
      -dayMs,
      ['1 stopped 10:00-10:30 by schedule at day -1 10:10:01'],
      '11:00',
      [started, stopped],
    ],
    [
      'a day, from after a run',
      everyDay,
      '10:40',
      -dayMs,
      [],
      'Tue 10:00',
      ['1 started Tue 10:00-Tue 10:30 by schedule at Tue 10:00'],
    ],
  ])('by %s', (...row) => play(row, 'step'));

  it.each([1_000, 30_000, minuteMs, hourMs, dayMs])('by %i ms and forward again within a second: nothing', async ms => {
    for (const [from, later] of [
      ['09:59:30', [started, stopped]],
      ['10:10', [stopped]],
      ['10:40', []],
    ] as const) {
      await using test = await start(once);
      await test.clock.advanceTo(at(from));
      test.said();
      test.clock.step(-ms);
      await test.clock.settle();
      test.clock.step(ms);
      await test.clock.advanceTo(at('11:00'));
      expect(test.said()).toEqual(later);
    }
  });

  it('by a little, over and over: each run starts once, and never early', async () => {
    await using test = await start([
      dispatchRecord({ ...touching, durationMs: 25 * minuteMs }),
      dispatchRecord({ id: 2 }),
    ]);
    test.said();
    while (test.clock.nowMs() < at('11:10')) {
      test.clock.step(-90);
      await test.clock.advanceBy(700);
    }
    expect(test.said().filter(line => line.includes('started'))).toEqual([
      expect.stringMatching(/^1 started 10:00-10:25 /),
      expect.stringMatching(/^2 started 10:00-10:30 /),
      expect.stringMatching(/^1 started 10:30-10:55 /),
      expect.stringMatching(/^1 started 11:00-11:25 /),
    ]);
  });

  it('after it was ahead: a run that was only missed starts in its time, one that was started does not', async () => {
    await using test = await start([dispatchRecord(everyDay), dispatchRecord({ id: 2, startTimeMs: at('09:10') })]);
    await test.clock.advanceTo(at('09:30'));
    test.said();
    test.clock.step(dayMs);
    await test.clock.advanceBy(1_000);
    test.clock.step(-dayMs);
    await test.clock.advanceTo(at('10:00'));
    expect(test.said()).toEqual([
      '2 stopped 09:10-09:40 by schedule at 09:40 +85801000',
      '1 missed 1 10:00..10:00',
      started,
    ]);
  });

  it('in the middle of a burst: those that started stop and start again, the others start once', async () => {
    const clock = simulatedClock(at('09:00'));
    const dispatches = Array.from({ length: 300 }, (_, i) => dispatchRecord({ id: i + 1 }));
    await using dispatcher = new Dispatcher({ microgridId: 1, transport: memoryTransport(dispatches), clock });
    const counts = new Map<number, string>();
    dispatcher.on('running', ({ id, change }) => {
      counts.set(id, `${counts.get(id) ?? ''}${change?.kind === 'started' ? '+' : '-'}`);
      if (counts.size === 100) clock.step(-hourMs);
    });
    await dispatcher.start();
    await clock.advanceTo(at('10:00'));
    expect(counts.size).toBeLessThan(300);
    await clock.advanceTo(at('11:00'));
    const patterns = dispatches.map(({ id }) => counts.get(id));
    expect(patterns.filter(pattern => pattern === '+-+-').length).toBeGreaterThanOrEqual(100);
    expect(new Set(patterns)).toEqual(new Set(['+-+-', '+-']));
  });

  it('a little, just when a run starts: whoever asks its dispatch still hears that it runs', async () => {
    await using test = await startDispatcher({ dispatches: [dispatchRecord()] });
    const receiver = test.dispatcher.runningStatusChange.newReceiver();
    const undo = test.dispatcher.on('running', () => {
      test.clock.step(-5);
      undo();
    });
    await test.clock.advanceTo(at('10:00'));
    const dispatch = await receiver.receive();
    expect(test.clock.nowMs()).toBe(at('10:00') - 5);
    expect(dispatch?.running('CHARGE')).toBe('RUNNING');
    expect(dispatch?.until).toEqual(new Date(at('10:30')));
    test.clock.step(-minuteMs);
    expect(dispatch?.running('CHARGE')).toBe('STOPPED');
  });
});

describe('the machine sleeps', () => {
  it.each<Row>([
    ['a minute, into a run', once, '09:59:30', minuteMs, [`${started} +31000`], '11:00', [stopped]],
    ['a minute, out of a run', once, '10:29:30', minuteMs, [`${stopped} +31000`], '11:00', []],
    ['ten minutes, into a run', once, '09:55', 10 * minuteMs, [`${started} +301000`], '11:00', [stopped]],
    ['ten minutes, inside a run', once, '10:10', 10 * minuteMs, [], '11:00', [stopped]],
    ['an hour, over a run', everyDay, '09:50', hourMs, ['1 missed 1 10:00..10:00'], '12:00', []],
    ['an hour, out of a run', everyDay, '10:10', hourMs, [`${stopped} +2401000`], '12:00', []],
    [
      'ten hours, over ten runs',
      everyHour,
      '09:50',
      10 * hourMs,
      ['1 missed 10 10:00..19:00'],
      '20:00',
      ['1 started 20:00-20:30 by schedule at 20:00'],
    ],
    [
      'ten hours, from a run into another',
      everyHour,
      '10:10',
      10 * hourMs,
      [`${stopped} +34801000`, '1 missed 9 11:00..19:00', '1 started 20:00-20:30 by schedule at 20:00 +601000'],
      '21:00',
      ['1 stopped 20:00-20:30 by schedule at 20:30', '1 started 21:00-21:30 by schedule at 21:00'],
    ],
    [
      'ten hours, over runs that touch: there is no stop in between',
      touching,
      '10:10',
      10 * hourMs,
      ['1 missed 19 10:30..19:30', '1 started 20:00-20:30 by schedule at 20:00 +601000'],
      '20:30',
      ['1 started 20:30-21:00 by schedule at 20:30'],
    ],
    [
      'ten hours, over more runs than are counted',
      { recurrence: daily({ frequency: 'MINUTELY', byHours: [10, 11, 12] }), durationMs: 0 },
      '09:50',
      10 * hourMs,
      ['1 missed 180 10:00..12:59'],
      '20:00',
      [],
    ],
    ['ten hours, in a run without end', endless, '10:10', 10 * hourMs, [], '21:00', []],
  ])('for %s', (...row) => play(row, 'suspend'));
});

describe('the program is busy', () => {
  it.each<Row>([
    ['five seconds, over a start', once, '09:59:58', 5_000, [`${started} +3000`], '11:00', [stopped]],
    ['five seconds, over an end', once, '10:29:58', 5_000, [`${stopped} +3000`], '11:00', []],
    ['an hour, over a run', once, '09:50', hourMs, ['1 missed 1 10:00..10:00'], '11:00', []],
  ])('for %s', (...row) => play(row, 'stall'));
});

describe('timers that fire early', () => {
  it.each([0.25, 1, 3, 250])('by %d ms make nothing early, and nothing late', async earlyMs => {
    const dispatches = [
      dispatchRecord({ id: 1, ...touching }),
      dispatchRecord({ id: 2, startTimeMs: at('10:00:00.001'), durationMs: 1_000 }),
      dispatchRecord({ id: 3, startTimeMs: at('10:00:00.999'), durationMs: 0 }),
    ];
    await using test = await start(dispatches, { earlyMs });
    await test.clock.advanceTo(at('10:30:01'));
    const schedule = test.recorder.all.flatMap(output =>
      'run' in output ? [`${output.dispatch.id} ${output.type} ${show(output.atMs)}`] : [],
    );
    expect(schedule).toEqual([
      '1 running.started 10:00',
      '2 running.started 10:00:00.001',
      '3 running.started 10:00:00.999',
      '3 running.stopped 10:00:00.999',
      '2 running.stopped 10:00:01.001',
      '1 running.started 10:30',
    ]);
    // The clock shows whole milliseconds: with a timer that is off by a fraction, a notification may be one late.
    for (const output of test.recorder.all) if ('lateMs' in output) expect(output.lateMs).toBeLessThanOrEqual(1);
  });
});

describe('a start that is further away than timers reach', () => {
  it.each([2 ** 31 - 2, 2 ** 31 - 1, 2 ** 31, 2 ** 31 + 1, 2 ** 32 + 5, 100 * 365 * dayMs])(
    'of %d ms comes in its time',
    async delayMs => {
      const startTimeMs = at('09:00') + delayMs;
      await using test = await start({ startTimeMs });
      const delays: number[] = [];
      const { setTimer } = test.clock;
      test.clock.setTimer = (callback, ms) => {
        delays.push(ms);
        return setTimer(callback, ms);
      };
      test.said();
      await test.clock.advanceBy(minuteMs);
      expect(delays.length).toBeGreaterThan(0);
      expect(Math.max(...delays)).toBeLessThan(2 ** 31);
      await sleepTo(test, startTimeMs - 1);
      expect(test.said()).toEqual([]);
      await test.clock.advanceBy(1);
      expect(test.recorder.take()).toMatchObject([{ type: 'running.started', atMs: startTimeMs, lateMs: 0 }]);
    },
  );
});

describe('thousands of dispatches at one instant', () => {
  /** Every third stops at 10:30, every third begins then, and of every third one run touches the next there. */
  const dispatches = Array.from({ length: 3_000 }, (_, i) => {
    const id = 3_000 - i;
    if (id % 3 === 0) return dispatchRecord({ id });
    return dispatchRecord(id % 3 === 1 ? { id, startTimeMs: at('10:30') } : { id, ...touching });
  });
  const ids = dispatches.map(({ id }) => id).sort((a, b) => a - b);
  const expected = [
    ...ids.filter(id => id % 3 !== 0).map(id => `${id} running.started`),
    ...ids.filter(id => id % 3 === 0).map(id => `${id} running.stopped`),
  ];
  const lines = (test: TestDispatcher) =>
    test.recorder.take().map(output => 'dispatch' in output && `${output.dispatch.id} ${output.type}`);

  it('start before others stop, then by id, each once', async () => {
    await using test = await start(dispatches);
    await test.clock.advanceTo(at('10:29:59.999'));
    lines(test);
    await test.clock.advanceBy(1);
    expect(lines(test)).toEqual(expected);
  });

  it('do so late too, also when each look at the clock takes a millisecond', async () => {
    await using test = await start(dispatches);
    await test.clock.advanceTo(at('10:29:59.500'));
    lines(test);
    test.clock.suspend(10_000);
    const { monotonicMs } = test.clock;
    let looks = 0;
    test.clock.monotonicMs = () => monotonicMs() + looks++;
    await test.clock.advanceBy(1_000);
    expect(lines(test)).toEqual(expected);
    // Work is cut into slices of 8 ms.
    expect(looks).toBeGreaterThan(16);
  });
});

describe('an update at the very instant', () => {
  const hold = { payload: { kw: 1 } };

  /** Before its timer the update comes alone; after it the timer was served already. */
  type UpdateRow = [what: string, dispatch: Changes, time: string, changes: Changes, before: string[], after: string[]];

  const rows: UpdateRow[] = [
    [
      'of the start that changes the payload',
      once,
      '10:00',
      hold,
      ['1 started 10:00-10:30 by update at 10:00'],
      [started, '1 reconfigured 10:00-10:30 by update at 10:00'],
    ],
    [
      'of the start that puts the run off',
      once,
      '10:00',
      { startTimeMs: at('10:10') },
      [],
      [started, '1 stopped 10:00-10:30 by update at 10:00'],
    ],
    [
      'of the start that deactivates',
      once,
      '10:00',
      { active: false },
      [],
      [started, '1 stopped 10:00-10:30 by update at 10:00'],
    ],
    [
      'of the start that changes the type',
      once,
      '10:00',
      { type: 'HOLD' },
      ['1 started 10:00-10:30 by update at 10:00'],
      [started, '1 stopped 10:00-10:30 by update at 10:00', '1 started 10:00-10:30 by update at 10:00'],
    ],
    [
      'of the start that takes the length of the run',
      once,
      '10:00',
      zero,
      ['1 started 10:00-10:00 by update at 10:00', '1 stopped 10:00-10:00 by schedule at 10:00'],
      [started, '1 stopped 10:00-10:30 by update at 10:00'],
    ],
    [
      'of the start that takes the end of the run',
      once,
      '10:00',
      endless,
      ['1 started 10:00-never by update at 10:00'],
      [started, '1 reconfigured 10:00-never by update at 10:00'],
    ],
    ['of the end that changes the payload', once, '10:30', hold, [stopped], [stopped]],
    [
      'of the end that makes the run longer',
      once,
      '10:30',
      { durationMs: hourMs },
      [stopped, '1 started 10:00-11:00 by update at 10:30'],
      [stopped, '1 started 10:00-11:00 by update at 10:30'],
    ],
    ['of the end that deactivates', once, '10:30', { active: false }, [stopped], [stopped]],
    [
      'of the end that gives it a rule whose next run begins there',
      once,
      '10:30',
      touching,
      [stopped, '1 started 10:30-11:00 by update at 10:30'],
      [stopped, '1 started 10:30-11:00 by update at 10:30'],
    ],
    [
      'where the next run touches the present one',
      touching,
      '10:30',
      hold,
      [stopped, '1 started 10:30-11:00 by update at 10:30'],
      ['1 started 10:30-11:00 by schedule at 10:30', '1 reconfigured 10:30-11:00 by update at 10:30'],
    ],
    [
      'where the next run overlaps the present one',
      overlapping,
      '10:10',
      hold,
      ['1 started 10:10-10:40 by update at 10:10'],
      ['1 started 10:10-10:40 by schedule at 10:10', '1 reconfigured 10:10-10:40 by update at 10:10'],
    ],
    [
      'where the next run overlaps the present one, that takes the rule',
      overlapping,
      '10:10',
      { recurrence: null },
      [],
      ['1 started 10:10-10:40 by schedule at 10:10', '1 reconfigured 10:00-10:30 by update at 10:10'],
    ],
    [
      'of a run of no length',
      zero,
      '10:00',
      hold,
      ['1 started 10:00-10:00 by update at 10:00', '1 stopped 10:00-10:00 by schedule at 10:00'],
      ['1 started 10:00-10:00 by schedule at 10:00', '1 stopped 10:00-10:00 by schedule at 10:00'],
    ],
  ];

  it.each(rows)('%s wins over the timer', async (_, dispatch, time, changes, expected) => {
    await using test = await start(dispatch);
    await test.clock.advanceTo(at(time) - 1);
    test.said();
    test.clock.stall(1);
    test.transport.update(1, changes);
    await test.clock.settle();
    expect(test.said().slice(1)).toEqual(expected);
  });

  it.each(rows)('%s comes after the timer that was served', async (_, dispatch, time, changes, _before, expected) => {
    await using test = await start(dispatch);
    await test.clock.advanceTo(at(time) - 1);
    test.said();
    await test.clock.advanceBy(1);
    test.transport.update(1, changes);
    await test.clock.settle();
    expect(test.said().filter(line => line !== '1 updated')).toEqual(expected);
  });

  it.each([
    ['start', '10:00', [], [started, '1 stopped 10:00-10:30 by delete at 10:00']],
    ['end', '10:30', [stopped], [stopped]],
  ])('of the %s may be a deletion', async (_, time, before, after) => {
    for (const [isServed, expected] of [
      [false, before],
      [true, after],
    ] as const) {
      await using test = await start(once);
      await test.clock.advanceTo(at(time) - 1);
      test.said();
      if (isServed) await test.clock.advanceBy(1);
      else test.clock.stall(1);
      test.transport.delete(1);
      await test.clock.settle();
      expect(test.said().filter(line => line !== '1 deleted')).toEqual(expected);
    }
  });

  it('or around it, 500 times within 2 ms: each run starts once', async () => {
    const dispatches = Array.from({ length: 500 }, (_, i) =>
      dispatchRecord({ id: i + 1, startTimeMs: at('10:00') + i * 10, durationMs: 2_000 }),
    );
    await using test = await start(dispatches);
    await test.clock.advanceTo(at('10:00') - 10);
    const put: (() => void)[] = [];
    for (const [i, { id, startTimeMs }] of dispatches.entries()) {
      // From 2 ms before to 2 ms after, also between whole milliseconds; at the instant, before and after the timer.
      const offsetMs = ((i % 17) - 8) / 4;
      put.push(
        test.clock.setTimer(
          () => test.transport.update(id, { payload: { i } }),
          startTimeMs + offsetMs - test.clock.nowMs(),
        ),
      );
    }
    await test.clock.advanceTo(at('10:00:10'));
    const starts = test.recorder.all.flatMap(output => (output.type === 'running.started' ? output.dispatch.id : []));
    expect(starts.sort((a, b) => a - b)).toEqual(dispatches.map(({ id }) => id));
    expect([...test.dispatcher.dispatches.values()].map(({ payload }) => payload.i)).toEqual([...put.keys()]);
  });

  it('or around it, by the clock of this computer: each run starts once', async () => {
    const startMs = Date.now() + 500;
    const dispatches = Array.from({ length: 500 }, (_, i) =>
      dispatchRecord({ id: i + 1, startTimeMs: startMs + 2 * i, durationMs: null }),
    );
    const transport = memoryTransport(dispatches);
    await using dispatcher = new Dispatcher({ microgridId: 1, transport });
    const recorder = recordNotifications(dispatcher);
    await dispatcher.start();
    for (const [i, { id, startTimeMs }] of dispatches.entries()) {
      setTimeout(() => transport.update(id, { payload: { i } }), startTimeMs - 2 + (i % 5) - Date.now());
    }
    const count = (type: string) => recorder.all.filter(output => output.type === type).length;
    await expect.poll(() => count('running.started') + count('lifecycle.updated'), { timeout: 10_000 }).toBe(1_000);
    const starts = recorder.all.flatMap(output => (output.type === 'running.started' ? [output] : []));
    expect(new Set(starts.map(({ dispatch }) => dispatch.id)).size).toBe(500);
    expect(starts.every(({ run, atMs }) => run.startMs <= atMs)).toBe(true);
  });
});

describe('no length and no end', () => {
  it.each<[string, Changes, string[]]>([
    [
      'runs of no length start and stop at once, by their rule',
      { ...zero, recurrence: daily({ frequency: 'HOURLY', count: 2 }) },
      [
        '1 started 10:00-10:00 by schedule at 10:00',
        '1 stopped 10:00-10:00 by schedule at 10:00',
        '1 started 11:00-11:00 by schedule at 11:00',
        '1 stopped 11:00-11:00 by schedule at 11:00',
      ],
    ],
    ['a run without end starts', endless, ['1 started 10:00-never by schedule at 10:00']],
    [
      'a rule without a duration runs once',
      { ...endless, ...everyHour },
      ['1 started 10:00-never by schedule at 10:00'],
    ],
  ])('%s', async (_, dispatch, expected) => {
    await using test = await start(dispatch);
    test.said();
    await test.clock.advanceTo(at('12:30'));
    expect(test.said()).toEqual(expected);
    expect(test.dispatcher.dispatches.get(1)?.running('CHARGE')).toBe(
      'durationMs' in dispatch && dispatch.durationMs === null ? 'RUNNING' : 'STOPPED',
    );
  });

  it('of many at one instant, those of no length stop with their start', async () => {
    await using test = await start([dispatchRecord({ id: 1, ...zero }), dispatchRecord({ id: 2 })]);
    test.said();
    await test.clock.advanceTo(at('10:00'));
    expect(test.said().map(line => line.split(' ').slice(0, 2).join(' '))).toEqual([
      '1 started',
      '1 stopped',
      '2 started',
    ]);
  });
});

describe('the calendar', () => {
  const ms = (text: string) => Date.parse(`${text}Z`);
  const text = (instantMs: number) => new Date(instantMs).toISOString().slice(0, 16);

  /** From a start, what is started and stopped at which of the instants that are looked at, with sleep in between. */
  it.each<
    [what: string, dispatch: Changes & { startTimeMs: number }, now: string, looks: string[], expected: string[]]
  >([
    [
      'a yearly run of 29 February comes in leap years only',
      { startTimeMs: ms('2024-02-29T10:00'), durationMs: hourMs, recurrence: daily({ frequency: 'YEARLY' }) },
      '2025-02-27T00:00',
      [
        '2025-02-28T10:00',
        '2025-03-01T10:00',
        '2026-02-28T10:00',
        '2027-03-01T10:00',
        '2028-02-29T10:00',
        '2028-02-29T11:00',
      ],
      ['2028-02-29T10:00 started', '2028-02-29T11:00 stopped'],
    ],
    [
      'and not in 2100',
      { startTimeMs: ms('2024-02-29T10:00'), durationMs: hourMs, recurrence: daily({ frequency: 'YEARLY' }) },
      '2096-03-01T00:00',
      ['2100-02-28T10:00', '2100-03-01T10:00', '2104-02-29T10:00', '2104-02-29T11:00'],
      ['2104-02-29T10:00 started', '2104-02-29T11:00 stopped'],
    ],
    [
      'a daily run is not left out on 29 February',
      { startTimeMs: ms('2028-02-27T23:30'), durationMs: hourMs, recurrence: daily() },
      '2028-02-28T12:00',
      ['2028-02-28T23:30', '2028-02-29T00:30', '2028-02-29T23:30', '2028-03-01T00:30'],
      ['2028-02-28T23:30 started', '2028-02-29T00:30 stopped', '2028-02-29T23:30 started', '2028-03-01T00:30 stopped'],
    ],
    [
      'a monthly run of the 31st comes in months that have one',
      {
        startTimeMs: ms('2027-01-31T10:00'),
        durationMs: hourMs,
        recurrence: daily({ frequency: 'MONTHLY', byMonthDays: [31] }),
      },
      '2027-02-01T00:00',
      ['2027-02-28T10:00', '2027-03-31T10:00', '2027-03-31T11:00', '2027-04-30T10:00', '2027-05-31T10:00'],
      ['2027-03-31T10:00 started', '2027-03-31T11:00 stopped', '2027-05-31T10:00 started'],
    ],
    [
      'a monthly run of the last day comes in each month',
      {
        startTimeMs: ms('2027-12-31T10:00'),
        durationMs: hourMs,
        recurrence: daily({ frequency: 'MONTHLY', byMonthDays: [-1] }),
      },
      '2028-01-31T09:00',
      ['2028-01-31T10:00', '2028-01-31T11:00', '2028-02-29T10:00', '2028-02-29T11:00', '2028-03-31T10:00'],
      [
        '2028-01-31T10:00 started',
        '2028-01-31T11:00 stopped',
        '2028-02-29T10:00 started',
        '2028-02-29T11:00 stopped',
        '2028-03-31T10:00 started',
      ],
    ],
    [
      'a run goes on over the end of the year',
      { startTimeMs: ms('2026-12-31T23:30'), durationMs: hourMs },
      '2026-12-31T23:00',
      ['2026-12-31T23:30', '2027-01-01T00:00', '2027-01-01T00:30'],
      ['2026-12-31T23:30 started', '2027-01-01T00:30 stopped'],
    ],
    [
      'runs that touch do so at the end of the year',
      { startTimeMs: ms('2026-12-31T23:00'), durationMs: hourMs, recurrence: daily({ frequency: 'HOURLY', count: 2 }) },
      '2026-12-31T22:00',
      ['2026-12-31T23:00', '2027-01-01T00:00', '2027-01-01T01:00'],
      ['2026-12-31T23:00 started', '2027-01-01T00:00 started', '2027-01-01T01:00 stopped'],
    ],
    [
      'a weekly rule keeps its day over the end of the year',
      {
        startTimeMs: ms('2026-12-24T10:00'),
        durationMs: hourMs,
        recurrence: daily({ frequency: 'WEEKLY', interval: 2 }),
      },
      '2026-12-25T00:00',
      ['2026-12-31T10:00', '2027-01-07T10:00', '2027-01-07T11:00', '2027-01-14T10:00', '2027-01-21T10:00'],
      ['2027-01-07T10:00 started', '2027-01-07T11:00 stopped', '2027-01-21T10:00 started'],
    ],
    [
      'a rule that ends with the year has its last run at that very instant',
      {
        startTimeMs: ms('2026-12-30T00:00'),
        durationMs: hourMs,
        recurrence: daily({ untilMs: ms('2027-01-01T00:00') }),
      },
      '2026-12-31T12:00',
      ['2027-01-01T00:00', '2027-01-01T01:00', '2027-01-02T00:00'],
      ['2027-01-01T00:00 started', '2027-01-01T01:00 stopped'],
    ],
  ])('%s', async (_, dispatch, now, looks, expected) => {
    await using test = await start(dispatch, { now: ms(now) });
    test.recorder.take();
    const said: string[] = [];
    for (const look of looks) {
      await sleepTo(test, ms(look));
      for (const output of test.recorder.take()) {
        if ('lateMs' in output)
          said.push(`${text(output.atMs)} ${output.type.split('.')[1]}${output.lateMs > 0 ? ' late' : ''}`);
      }
    }
    expect(said).toEqual(expected);
  });
});

describe('whatever the clock did', () => {
  const act = fc.oneof(
    fc.record({ kind: fc.constant('step' as const), ms: fc.integer({ min: -dayMs, max: dayMs }) }),
    fc.record({ kind: fc.constant('step' as const), ms: fc.integer({ min: -2 * minuteMs, max: 2 * minuteMs }) }),
    fc.record({ kind: fc.constantFrom('suspend' as const, 'stall' as const), ms: fc.nat(10 * hourMs) }),
  );
  const wait = fc.oneof(fc.nat(3_000), fc.nat(5 * minuteMs));

  it('is early or stopped without a start at no time, and the next day is as any other', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(act, wait), { maxLength: 12 }), async acts => {
        await using test = await start([
          dispatchRecord(everyDay),
          dispatchRecord({ id: 2, ...touching, durationMs: 20 * minuteMs }),
          dispatchRecord({ id: 3, ...everyHour, ...zero }),
        ]);
        let latestMs = at('09:00');
        for (const [{ kind, ms }, waitMs] of acts) {
          test.clock[kind](ms);
          await test.clock.advanceBy(waitMs);
          latestMs = Math.max(latestMs, test.clock.nowMs());
        }
        expect(broken).toEqual([]);
        // What was announced while the clock was ahead is not announced again: look at a day after all that.
        const midnightMs = Math.ceil((latestMs + 1) / dayMs) * dayMs;
        await sleepTo(test, midnightMs + 9.5 * hourMs);
        await test.clock.advanceBy(1_000);
        test.recorder.take();
        await test.clock.advanceTo(midnightMs + 10.5 * hourMs);
        const said = test.recorder
          .take()
          .map(
            output =>
              'run' in output && `${output.dispatch.id} ${output.type} ${(output.atMs - midnightMs) / minuteMs}`,
          );
        expect(said).toEqual([
          '2 running.stopped 590',
          '1 running.started 600',
          '2 running.started 600',
          '3 running.started 600',
          '3 running.stopped 600',
          '2 running.stopped 620',
          '2 running.started 630',
          '1 running.stopped 630',
        ]);
      }),
      { numRuns: 50 },
    );
  });
});
