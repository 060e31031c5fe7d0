import { describe, expect, it } from 'vitest';

import { Dispatch, RunningState } from '../src/dispatch.js';
import { daily, dayMs, dispatchRecord, hourMs, minuteMs } from './support/dispatchRecord.js';
import { at } from './support/time.js';

const stopped = {
  kind: 'stopped',
  run: { startMs: at('10:00'), endMs: at('10:30') },
  cause: 'update',
  atMs: at('10:10'),
  lateMs: 0,
} as const;

const nowMs = () => at('10:10');
const everyDay = dispatchRecord({ recurrence: daily() });

/** What a dispatch says of a consumer's own type at 10:10, ten minutes into its run. */
function runningAt1010(overrides: Parameters<typeof dispatchRecord>[0], options = {}): RunningState {
  return new Dispatch(dispatchRecord(overrides), { nowMs, ...options }).running('CHARGE');
}

describe('a dispatch', () => {
  it('runs for consumers of its type only', () => {
    expect(runningAt1010({})).toBe(RunningState.RUNNING);
    expect(runningAt1010({ type: 'OTHER' })).toBe(RunningState.DIFFERENT_TYPE);
    expect(runningAt1010({ type: 'OTHER', active: false }, { deleted: true })).toBe(RunningState.DIFFERENT_TYPE);
  });

  it('is stopped when inactive, deleted, or the subject of a stop, whatever its schedule says', () => {
    expect(runningAt1010({ active: false })).toBe(RunningState.STOPPED);
    for (const options of [{ deleted: true }, { change: stopped }]) {
      expect(runningAt1010({}, options)).toBe(RunningState.STOPPED);
      expect(new Dispatch(everyDay, { nowMs, ...options }).until).toBeNull();
    }
  });

  it('answers as of now, not as of when it was made', () => {
    let now = at('09:59');
    const dispatch = new Dispatch(everyDay, { nowMs: () => now });
    expect([dispatch.running('CHARGE'), dispatch.until, dispatch.nextRun]).toEqual([
      RunningState.STOPPED,
      null,
      new Date(at('10:00')),
    ]);
    now = at('10:10');
    expect([dispatch.running('CHARGE'), dispatch.until, dispatch.nextRun]).toEqual([
      RunningState.RUNNING,
      new Date(at('10:30')),
      new Date(at('Tue 10:00')),
    ]);
  });

  it('misses runs since its last notification, else since its last change', () => {
    const record = { ...everyDay, updateTime: new Date(at('Tue 00:00')).toISOString() };
    const missed = (notifiedMs: number | null) => [
      ...new Dispatch(record, { nowMs: () => at('Thu 10:00'), notifiedMs }).missedRuns(),
    ];
    expect(missed(null)).toEqual([new Date(at('Tue 10:00')), new Date(at('Wed 10:00'))]);
    expect(missed(at('Wed 00:00'))).toEqual([new Date(at('Wed 10:00'))]);
  });

  it('has no runs once it is deleted', () => {
    const week = [new Date(at('00:00')), new Date(at('Sun 00:00'))] as const;
    expect([...new Dispatch(everyDay).runs(...week)]).toHaveLength(6);
    expect([...new Dispatch(everyDay, { deleted: true }).runs(...week)]).toEqual([]);
    expect([...new Dispatch({ ...everyDay, active: false }).runs(...week)]).toEqual([]);
  });

  it('shows its instants as texts in JSON', () => {
    const json = JSON.parse(JSON.stringify(new Dispatch({ ...everyDay, endTimeMs: at('10:30') })));
    expect(json).toMatchObject({
      id: 1,
      selector: { ids: [5] },
      startTime: '2026-03-02T10:00:00.000Z',
      endTime: '2026-03-02T10:30:00.000Z',
      updateTime: '2026-01-01T00:00:00.000000000Z',
      deleted: false,
    });
    expect(json).not.toHaveProperty('startTimeMs');
  });
});

// The cases T1 to T4 of the Python client, at its instant: a Sunday.
describe('a dispatch of the Python cases', () => {
  const now = Date.parse('2023-01-01T12:00:00Z');
  const dispatchAt = (overrides: Parameters<typeof dispatchRecord>[0]) =>
    new Dispatch(dispatchRecord(overrides), { nowMs: () => now });
  const mondays = { frequency: 'WEEKLY', interval: 1, byWeekdays: ['MONDAY'] } as const;

  it.each([
    ['inactive', { active: false, startTimeMs: now, durationMs: 10 * minuteMs }, RunningState.STOPPED],
    ['before its start', { startTimeMs: now + hourMs, durationMs: 10 * minuteMs }, RunningState.STOPPED],
    ['after its start without a duration', { startTimeMs: now - hourMs, durationMs: null }, RunningState.RUNNING],
    ['within its duration', { startTimeMs: now - 5 * minuteMs, durationMs: 10 * minuteMs }, RunningState.RUNNING],
    ['after its duration', { startTimeMs: now - 15 * minuteMs, durationMs: 10 * minuteMs }, RunningState.STOPPED],
  ])('T1: %s runs or not', (_, overrides, expected) => {
    expect(dispatchAt(overrides).running('CHARGE')).toBe(expected);
  });

  it.each([
    ['inactive', { active: false, startTimeMs: now, durationMs: 10 * minuteMs }, null],
    ['without a duration, where Python fails', { startTimeMs: now - hourMs, durationMs: null }, null],
    [
      'before its start, where Python tells the end that will be',
      { startTimeMs: now + hourMs, durationMs: 10 * minuteMs },
      null,
    ],
    ['running', { startTimeMs: now - 5 * minuteMs, durationMs: 10 * minuteMs }, new Date(now + 5 * minuteMs)],
  ])('T2: %s runs until', (_, overrides, expected) => {
    expect(dispatchAt(overrides).until).toEqual(expected);
  });

  it.each([
    ['once, in the past', { startTimeMs: now - hourMs }, null],
    ['once, in the future', { startTimeMs: now + hourMs }, new Date(now + hourMs)],
    [
      'daily, for ten minutes now',
      { startTimeMs: now - 10 * minuteMs, durationMs: 20 * minuteMs, recurrence: daily() },
      new Date(now + dayMs - 10 * minuteMs),
    ],
    ['on Mondays', { startTimeMs: now - hourMs, recurrence: mondays }, new Date('2023-01-02T11:00:00Z')],
  ])('T3: %s runs next', (_, overrides, expected) => {
    expect(dispatchAt(overrides).nextRun).toEqual(expected);
  });

  it.each([
    ['once, after its start', { startTimeMs: now }, now + hourMs, null],
    [
      'on Mondays, in two days',
      { startTimeMs: now, recurrence: mondays },
      now + 2 * dayMs,
      new Date('2023-01-09T12:00:00Z'),
    ],
    ['daily, in ten minutes', { startTimeMs: now, recurrence: daily() }, now + 10 * minuteMs, new Date(now + dayMs)],
  ])('T4: %s runs next', (_, overrides, afterMs, expected) => {
    expect(dispatchAt(overrides).nextRunAfter(new Date(afterMs))).toEqual(expected);
  });
});
