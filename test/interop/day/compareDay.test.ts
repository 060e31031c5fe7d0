// What `npm run day` says of a difference between our dispatcher and the Python one, without Python.
import { describe, expect, it } from 'vitest';
import type { RunningNotification } from '../../../machines/dispatch/runNotification.js';
import { Merger } from '../../../machines/manage/merger.js';
import { Dispatch } from '../../../src/dispatch.js';
import type { DispatchRecord } from '../../../src/model/dispatchRecord.js';
import { dispatchRecord } from '../../support/dispatchRecord.js';
import type { PythonRunningState } from '../pythonDispatcher.js';
import { compareDay } from './compareDay.js';
import { dayScript } from './dayScript.js';
import { type DayOutage, dayStrategies } from './playDay.js';

const size = { seconds: 100, dispatches: 60, changes: 500, outages: 2 };

/** A dispatch whose version is a number of milliseconds. */
function record(id: number, versionMs: number, fields: Partial<DispatchRecord> = {}): DispatchRecord {
  return dispatchRecord({ id, ...fields, updateTime: new Date(versionMs).toISOString().replace('Z', '000000Z') });
}

function news(
  type: 'running.started' | 'running.reconfigured' | 'running.stopped',
  dispatch: DispatchRecord,
  run: { startMs: number; endMs: number | null },
  atMs: number,
): RunningNotification {
  return { type, dispatch, run, cause: 'update', atMs, lateMs: 0 };
}

function inPython(id: number, versionMs: number | null): PythonRunningState {
  const dispatch = { id, update_time: versionMs === null ? null : new Date(versionMs).toISOString() };
  return { started: versionMs !== null, dispatch } as unknown as PythonRunningState;
}

/** Compares one type, for which each of our receivers got what its strategy says. */
function compare(said: RunningNotification[], theirs: PythonRunningState[][], outages: DayOutage[] = []) {
  const ours = dayStrategies.map(({ ours: strategy }) => {
    const merger = new Merger({ type: 'CHARGE', strategy, records: () => [], onFailure: () => {} });
    return said.flatMap(each =>
      merger.take(each).map(({ dispatch, kind, run, atMs, lateMs }) => {
        return new Dispatch(dispatch, { change: { kind, run, cause: 'update', atMs, lateMs } });
      }),
    );
  });
  const records = [{ type: 'CHARGE', said, ours, theirs }];
  return compareDay({ records, outages }).map(({ same, causes }) => ({ same, ...causes }));
}

const none = { handover: 0, covered: 0, 'equal end': 0, 'identity left': 0, redundant: 0, outage: 0, unexplained: 0 };

describe('a comparison with Python', () => {
  it('names handover, covered and equal end', () => {
    const [outer, inner] = [
      { startMs: 0, endMs: 90 },
      { startMs: 10, endMs: 20 },
    ];
    const said = [
      news('running.started', record(1, 1), outer, 0),
      news('running.started', record(2, 2), inner, 10),
      news('running.reconfigured', record(1, 3), outer, 12),
      news('running.stopped', record(2, 2), inner, 20),
      news('running.started', record(3, 4), { startMs: 30, endMs: 90 }, 30),
      news('running.stopped', record(1, 3), outer, 90),
      news('running.stopped', record(3, 4), { startMs: 30, endMs: 90 }, 90),
    ];
    const [a, b, edited, c] = [inPython(1, 1), inPython(2, 2), inPython(1, 3), inPython(3, 4)];
    const all = [a, b, edited, inPython(2, null), c, inPython(1, null), inPython(3, null)];
    const merged = [a, b, edited, c, inPython(1, null), inPython(3, null)];
    const expected = { ...none, same: 4, handover: 1, covered: 1, 'equal end': 1 };
    expect(compare(said, [all, merged, merged])).toEqual([{ ...none, same: 7 }, expected, expected]);
  });

  it('names an identity that was left, and what is redundant', () => {
    const run = { startMs: 0, endMs: null };
    const moved = record(1, 2, { selector: { ids: [9] } });
    const said = [news('running.started', record(1, 1), run, 0), news('running.reconfigured', moved, run, 5)];
    const all = [inPython(2, null), inPython(1, 1), inPython(1, 2), inPython(2, null)];
    expect(compare(said, [all, all, all])).toEqual([
      { ...none, same: 2, redundant: 2 },
      { ...none, same: 2, redundant: 2 },
      { ...none, same: 2, redundant: 2, 'identity left': 1 },
    ]);
  });

  it('names what was replaced in an outage before Python heard of it', () => {
    const run = { startMs: 0, endMs: null };
    const said = [1, 20, 30].map(versionMs => news('running.reconfigured', record(1, versionMs), run, versionMs));
    const heard = [inPython(1, 1), inPython(1, 30)];
    const compared = (outages: DayOutage[]) => compare(said, [heard, heard, heard], outages);
    expect(compared([{ fromMs: 10, toMs: 40 }])).toEqual(Array(3).fill({ ...none, same: 2, outage: 1 }));
    expect(compared([{ fromMs: 21, toMs: 40 }])).toEqual(Array(3).fill({ ...none, same: 2, unexplained: 1 }));
    // The last version said nothing new of the one before, of which Python has not heard.
    const unlike = compare(said.slice(0, 2), [heard, heard, heard], [{ fromMs: 10, toMs: 40 }]);
    expect(unlike).toEqual(Array(3).fill({ ...none, same: 1, outage: 2 }));
  });

  it('leaves unexplained what has no cause', () => {
    const run = { startMs: 0, endMs: null };
    const said = [news('running.started', record(1, 1), run, 0), news('running.stopped', record(1, 1), run, 9)];
    const lost = [inPython(1, 1)];
    expect(compare(said, [lost, lost, lost])).toEqual(Array(3).fill({ ...none, same: 1, unexplained: 1 }));
    const twice = [inPython(1, 1), inPython(1, null), inPython(1, 7)];
    expect(compare(said, [twice, twice, twice])).toEqual(Array(3).fill({ ...none, same: 2, unexplained: 1 }));
  });
});

describe('the script of a day', () => {
  it('is decided by its seed, and has what it is asked for', () => {
    const steps = dayScript(5, size);
    expect(dayScript(5, size)).toEqual(steps);
    expect(dayScript(6, size)).not.toEqual(steps);
    const count = (...kinds: string[]) => steps.filter(({ does }) => kinds.includes(does)).length;
    expect(count('create')).toBe(60);
    expect(count('create', 'update', 'delete')).toBe(500);
    expect([count('cut'), count('restore')]).toEqual([2, 2]);
  });
});
