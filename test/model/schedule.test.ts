import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';

import { Dispatch, RunningState } from '../../src/dispatch.js';
import type { DispatchRecord } from '../../src/model/dispatchRecord.js';
import { occurrences } from '../../src/model/recurrence/recurrence.js';
import { dispatchArbitrary } from '../../src/testing/dispatchArbitrary.js';
import { ruleArbitrary } from '../../src/testing/ruleArbitrary.js';
import { dayMs, hourMs } from '../support/dispatchRecord.js';
import { readScheduleQuestions, type ScheduleQuestion } from '../support/dispatchVectors.js';

/** Where we answer otherwise than the Python client, and what. */
interface Exception {
  /** How many of the questions it is about. */
  readonly questions: number;
  readonly isAbout: (question: ScheduleQuestion) => boolean;
  readonly ours: (question: ScheduleQuestion) => unknown;
}

const exceptions: { readonly [name: string]: Exception } = {
  'a run without end has no end, which is no error': {
    questions: 69,
    isAbout: ({ asks, python }) => asks === 'until' && python === 'ValueError: _until: Dispatch has no duration',
    ours: () => null,
  },
  'interval 0 is interval 1': {
    questions: 20,
    isAbout: ({ wireInterval, python }) =>
      wireInterval === 0 && python === 'ValueError: Interval must be greater than 0',
    ours: everyDay,
  },
  'an hour that no day has is an error that names the field': {
    questions: 20,
    isAbout: ({ python }) => python === 'ValueError: hour must be in 0..23',
    ours: () => 'RangeError: byHours must be integers from 0 to 23, got 24',
  },
  'a weekday that no week has is an error that names the field, also for the next run': {
    questions: 20,
    isAbout: ({ record, asks, atMs }) =>
      record.recurrence?.byWeekdays?.includes(0) === true && (asks !== 'running' || atMs >= record.startTimeMs),
    ours: () => 'RangeError: byWeekdays must be names from MONDAY to SUNDAY, got 0',
  },
  'a rule that nothing matches has no run, also where dateutil notices': {
    questions: 140,
    isAbout: ({ python }) => typeof python === 'string' && /^ValueError: .*empty (set|rule)\.$/.test(python),
    ours: ({ asks }) => ({ running: false, until: null, nextRun: null, missedRuns: [] })[asks],
  },
  'no run of a rule begins before a start time within a second': {
    questions: 20,
    isAbout: question => {
      const { recurrence, durationMs, startTimeMs } = question.record;
      const secondMs = Math.floor(startTimeMs / 1000) * 1000;
      if (recurrence === null || durationMs === null || secondMs === startTimeMs) return false;
      if (occurrences(recurrence, startTimeMs).after(secondMs) !== secondMs) return false;
      if (question.asks === 'missedRuns') return question.sinceMs <= secondMs;
      return question.asks === 'nextRun' && question.atMs <= startTimeMs;
    },
    ours: ({ record, asks, python }) =>
      asks === 'missedRuns' ? [record.startTimeMs, ...(python as number[]).slice(1)] : record.startTimeMs,
  },
};

/** What holds for a rule that recurs every day, by arithmetic. */
function everyDay({ record: { startTimeMs, durationMs }, atMs, ...question }: ScheduleQuestion): unknown {
  const nextOf = (ms: number) => startTimeMs + Math.max(0, Math.ceil((ms - startTimeMs) / dayMs)) * dayMs;
  switch (question.asks) {
    case 'running':
      return atMs >= startTimeMs && (atMs - startTimeMs) % dayMs < (durationMs ?? Number.POSITIVE_INFINITY);
    case 'nextRun':
      return nextOf(atMs);
    case 'missedRuns':
      return [0, 1, 2, 3, 4].map(days => nextOf(question.sinceMs) + days * dayMs).filter(ms => ms < atMs);
    case 'until':
      throw new Error('Python answers none');
  }
}

function answer({ record, atMs, ...question }: ScheduleQuestion): unknown {
  const dispatch = new Dispatch(record, { nowMs: () => atMs });
  try {
    switch (question.asks) {
      case 'running':
        return dispatch.running(record.type) === RunningState.RUNNING;
      case 'until':
        return dispatch.untilAt(new Date(atMs))?.getTime() ?? null;
      case 'nextRun':
        return dispatch.nextRunAfter(new Date(atMs))?.getTime() ?? null;
      case 'missedRuns':
        return [...dispatch.missedRuns({ since: new Date(question.sinceMs), limit: 5 })].map(date => date.getTime());
    }
  } catch (error) {
    return String(error);
  }
}

describe('the schedule of a dispatch', () => {
  const questions = readScheduleQuestions();
  const exceptionOf = (question: ScheduleQuestion) =>
    Object.values(exceptions).filter(({ isAbout }) => isAbout(question));

  it('is that of the Python client', () => {
    const plain = questions.filter(question => exceptionOf(question).length === 0);
    expect(plain.length).toBeGreaterThan(7000);
    for (const question of plain) expect(answer(question), describeQuestion(question)).toEqual(question.python);
  });

  it.each(Object.entries(exceptions))('differs: %s', (_, exception) => {
    const concerned = questions.filter(exception.isAbout);
    expect(concerned).toHaveLength(exception.questions);
    for (const question of concerned) {
      const ours = exception.ours(question);
      expect(answer(question), describeQuestion(question)).toEqual(ours);
      expect(question.python, describeQuestion(question)).not.toEqual(ours);
      expect(exceptionOf(question)).toEqual([exception]);
    }
  });
});

describe('the laws of a schedule', () => {
  const year2026 = { min: Date.UTC(2026, 0), max: Date.UTC(2027, 0) - 1 };
  const duration = fc.oneof(fc.nat(3600), fc.nat(7 * 86_400)).map(seconds => seconds * 1000);
  const rule = ruleArbitrary({
    maxInterval: 12,
    maxCount: 50,
    untilMs: { min: year2026.min, max: Date.UTC(2029, 0) },
    weeklyMonthDays: true,
  });
  const records = dispatchArbitrary({
    active: fc.constant(true),
    startTimeMs: fc.integer(year2026),
    durationMs: fc.option(duration, { freq: 9 }),
    recurrence: fc.option(rule, { freq: 9 }),
  });

  /** A dispatch and an interval that begins near its start time or near a later run. */
  const scenes = fc
    .record({
      record: records,
      ageMs: fc.oneof(fc.constant(0), fc.nat(365 * dayMs)),
      leadMs: fc.constantFrom(-hourMs, -1, 0, 1, hourMs, dayMs),
      share: fc.constantFrom(0, 0.001, 0.1, 0.5, 1),
    })
    .map(({ record, ageMs, leadMs, share }) => {
      const aged = new Date(record.startTimeMs + ageMs);
      const fromMs = (new Dispatch(record).nextRunAfter(aged) ?? aged).getTime() - leadMs;
      // Long enough for some runs of any rule, short enough for not too many.
      const maxDays = { MINUTELY: 2, HOURLY: 30 }[String(record.recurrence?.frequency)] ?? 400;
      return { record, fromMs, toMs: fromMs + 1 + Math.floor(share * maxDays * dayMs) };
    });

  const runsOf = ({ record, fromMs, toMs }: { record: DispatchRecord; fromMs: number; toMs: number }) => [
    ...new Dispatch(record).runs(new Date(fromMs), new Date(toMs)),
  ];

  test.prop([scenes, fc.array(fc.nat(2 * dayMs), { maxLength: 5 })], { numRuns: 300 })(
    'an instant is in a run of an interval exactly when the dispatch runs then',
    (scene, offsets) => {
      const { record, fromMs, toMs } = scene;
      const runs = runsOf(scene);
      const edges = runs.slice(0, 20).flatMap(({ startMs, endMs }) => [startMs, ...(endMs === null ? [] : [endMs])]);
      const candidates = [fromMs, toMs - 1, ...edges.flatMap(ms => [ms - 1, ms]), ...offsets.map(ms => fromMs + ms)];
      for (const atMs of candidates.filter(ms => ms >= fromMs && ms < toMs)) {
        const dispatch = new Dispatch(record, { nowMs: () => atMs });
        const present = runs.findLast(({ startMs, endMs }) => startMs <= atMs && (endMs === null || atMs < endMs));
        expect(dispatch.running(record.type)).toBe(present ? RunningState.RUNNING : RunningState.STOPPED);
        expect(dispatch.until?.getTime() ?? null).toBe(present?.endMs ?? null);
      }
    },
  );

  test.prop([scenes])('runs begin one after the other, within the interval but for the first', scene => {
    const [first, ...later] = runsOf(scene).map(run => run.startMs);
    expectStrictlyIncreasing([scene.record.startTimeMs - 1, ...(first === undefined ? [] : [first])]);
    expectStrictlyIncreasing([Math.max(first ?? scene.fromMs, scene.fromMs - 1), ...later, scene.toMs]);
  });

  test.prop([scenes])('a later instant has no earlier next run', ({ record, fromMs, toMs }) => {
    const next = (ms: number) => new Dispatch(record).nextRunAfter(new Date(ms))?.getTime() ?? Number.POSITIVE_INFINITY;
    expect(next(fromMs)).toBeGreaterThanOrEqual(fromMs);
    expect(next(toMs)).toBeGreaterThanOrEqual(Math.max(next(fromMs), toMs));
    if (Number.isFinite(next(fromMs))) expect(next(next(fromMs))).toBe(next(fromMs));
  });

  test.prop([scenes])('the missed runs are all that began from then to before now', scene => {
    const { record, fromMs, toMs } = scene;
    const dispatch = new Dispatch(record, { nowMs: () => toMs });
    const missed = [...dispatch.missedRuns({ since: new Date(fromMs) })].map(date => date.getTime());
    expectStrictlyIncreasing([fromMs - 1, ...missed, toMs]);
    expect(missed).toEqual(runsOf(scene).flatMap(({ startMs }) => (startMs >= fromMs ? [startMs] : [])));
    expect([...dispatch.missedRuns({ since: new Date(fromMs), limit: 3 })]).toHaveLength(Math.min(missed.length, 3));
  });
});

function expectStrictlyIncreasing(instants: readonly number[]): void {
  expect(instants.filter((ms, i) => i > 0 && ms <= (instants[i - 1] as number))).toEqual([]);
}

function describeQuestion({ record, asks, atMs }: ScheduleQuestion): string {
  return `${asks} of dispatch ${record.id} at ${new Date(atMs).toISOString()}`;
}
