import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';

import { Dispatch, RunningState } from '../../src/dispatch.js';
import { occurrences } from '../../src/model/recurrence.js';
import { dispatchArbitrary } from '../../src/testing/dispatchArbitrary.js';
import { ruleArbitrary } from '../../src/testing/ruleArbitrary.js';
import { dayMs } from '../support/dispatchRecord.js';
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
    maxInterval: 100,
    maxCount: 50,
    untilMs: { min: year2026.min, max: Date.UTC(2028, 0) },
    weeklyMonthDays: true,
  });
  const record = dispatchArbitrary({
    active: fc.constant(true),
    startTimeMs: fc.integer(year2026),
    durationMs: fc.option(duration, { freq: 9 }),
    recurrence: fc.option(rule, { freq: 9 }),
  });
  /** From a day before the start time to two years after it. */
  const offset = fc.oneof(fc.integer({ min: -dayMs, max: 2 * dayMs }), fc.nat(2 * 365 * dayMs));
  const length = fc.integer({ min: 1, max: 2 * dayMs });

  test.prop([record, offset, length, fc.array(fc.nat(2 * dayMs), { maxLength: 5 })])(
    'an instant is in a run of an interval exactly when the dispatch runs then',
    (record, offset, length, instants) => {
      const [fromMs, toMs] = [record.startTimeMs + offset, record.startTimeMs + offset + length];
      const runs = [...new Dispatch(record).runs(new Date(fromMs), new Date(toMs))];
      const edges = runs.slice(0, 20).flatMap(({ startMs, endMs }) => [startMs, ...(endMs === null ? [] : [endMs])]);
      const candidates = [fromMs, toMs - 1, ...edges.flatMap(ms => [ms - 1, ms]), ...instants.map(ms => fromMs + ms)];
      for (const atMs of candidates.filter(ms => ms >= fromMs && ms < toMs)) {
        const dispatch = new Dispatch(record, { nowMs: () => atMs });
        const present = runs.findLast(({ startMs, endMs }) => startMs <= atMs && (endMs === null || atMs < endMs));
        expect(dispatch.running(record.type)).toBe(present ? RunningState.RUNNING : RunningState.STOPPED);
        expect(dispatch.until?.getTime() ?? null).toBe(present?.endMs ?? null);
      }
    },
  );

  test.prop([record, offset, length])(
    'runs begin one after the other, none before the start time',
    (record, offset, length) => {
      const fromMs = record.startTimeMs + offset;
      const starts = [...new Dispatch(record).runs(new Date(fromMs), new Date(fromMs + length))].map(
        run => run.startMs,
      );
      expectStrictlyIncreasing(starts);
      expect(starts[0] ?? record.startTimeMs).toBeGreaterThanOrEqual(record.startTimeMs);
      expect(starts.at(-1) ?? fromMs).toBeLessThan(fromMs + length);
    },
  );

  test.prop([record, offset, offset])('a later instant has no earlier next run', (record, one, other) => {
    const next = (offset: number) => new Dispatch(record).nextRunAfter(new Date(record.startTimeMs + offset));
    const [early, late] = [next(Math.min(one, other)), next(Math.max(one, other))];
    expect(early?.getTime() ?? Number.POSITIVE_INFINITY).toBeLessThanOrEqual(
      late?.getTime() ?? Number.POSITIVE_INFINITY,
    );
    if (late !== null) expect(late.getTime()).toBeGreaterThanOrEqual(record.startTimeMs + Math.max(one, other));
    if (early !== null) expect(new Dispatch(record).nextRunAfter(early)).toEqual(early);
  });

  test.prop([record, offset, length])(
    'the missed runs are all starts from then to before now',
    (record, offset, length) => {
      const [sinceMs, nowMs] = [record.startTimeMs + offset, record.startTimeMs + offset + length];
      const dispatch = new Dispatch(record, { nowMs: () => nowMs });
      const missed = [...dispatch.missedRuns({ since: new Date(sinceMs) })].map(date => date.getTime());
      expectStrictlyIncreasing([sinceMs - 1, ...missed, nowMs]);
      const runs = [...dispatch.runs(new Date(sinceMs), new Date(nowMs))].map(run => run.startMs);
      expect(missed).toEqual(runs.filter(startMs => startMs >= sinceMs));
      expect([...dispatch.missedRuns({ since: new Date(sinceMs), limit: 3 })]).toHaveLength(Math.min(missed.length, 3));
    },
  );
});

function expectStrictlyIncreasing(instants: readonly number[]): void {
  expect(instants.filter((ms, i) => i > 0 && ms <= (instants[i - 1] as number))).toEqual([]);
}

function describeQuestion({ record, asks, atMs }: ScheduleQuestion): string {
  return `${asks} of dispatch ${record.id} at ${new Date(atMs).toISOString()}`;
}
