// The oracles of the faults of connections notice what a dispatcher loses, says twice or makes up.
import { describe, expect, it } from 'vitest';
import type { RunNotification } from '../../../machines/dispatch/runNotification.js';
import type { LifecycleEvent } from '../../../machines/protocol/dispatcherOutput.js';
import type { DispatchRecord } from '../../../src/model/dispatchRecord.js';
import { dispatchRecord, minuteMs, version } from '../../support/dispatchRecord.js';
import { at } from '../../support/time.js';
import type { Version } from './editor.js';
import { LifecycleOracle } from './lifecycleOracle.js';
import { RunOracle } from './runOracle.js';

const v = (n: number, fields: Partial<DispatchRecord> = {}) =>
  dispatchRecord({ id: 1, updateTime: version(n), ...fields });
const said = (what: 'created' | 'updated' | 'deleted', dispatch: DispatchRecord, atMs = 0): LifecycleEvent => ({
  type: `lifecycle.${what}`,
  dispatch,
  atMs,
  notifiedMs: null,
});

describe('the oracle of lifecycle events', () => {
  const judge = (versions: Version[], events: LifecycleEvent[], maySkip = false) => {
    const oracle = new LifecycleOracle(new Map([[1, versions]]));
    for (const event of events) oracle.take(event, maySkip);
    const { lost, doubled } = oracle.finish(maySkip);
    return { lost: lost.length, doubled: doubled.length };
  };

  it.each([
    ['nothing', [v(1), v(2), null], [said('created', v(1)), said('updated', v(2)), said('deleted', v(3))], 0, 0],
    ['a version in between', [v(1), v(2), v(3)], [said('created', v(1)), said('updated', v(3))], 1, 0],
    ['the last version', [v(1), v(2)], [said('created', v(1))], 1, 0],
    ['the deletion', [v(1), null], [said('created', v(1))], 1, 0],
    ['a dispatch', [v(1), null], [], 2, 0],
    ['the creation twice', [v(1)], [said('created', v(1)), said('created', v(1))], 0, 1],
    ['a version twice', [v(1), v(2)], [said('created', v(1)), said('updated', v(2)), said('updated', v(2))], 0, 1],
    ['the deletion twice', [v(1), null], [said('created', v(1)), said('deleted', v(1)), said('deleted', v(1))], 0, 1],
    ['an older version', [v(1), v(2)], [said('created', v(2)), said('updated', v(1))], 1, 1],
    ['what never was', [v(1)], [said('created', v(1)), said('updated', v(7))], 0, 1],
  ])('notices %s', (_, versions, events, lost, doubled) => {
    expect(judge(versions, events)).toEqual({ lost, doubled });
  });

  it('lets a list pass over what is over, and nothing else', () => {
    expect(judge([v(1), v(2), v(3)], [said('created', v(3))], true)).toEqual({ lost: 0, doubled: 0 });
    expect(judge([v(1), null], [], true)).toEqual({ lost: 0, doubled: 0 });
    expect(judge([v(1), v(2)], [said('created', v(1))], true)).toEqual({ lost: 1, doubled: 0 });
    expect(judge([v(1), null], [said('created', v(1))], true)).toEqual({ lost: 1, doubled: 0 });
  });
});

describe('the oracle of runs', () => {
  const run = { startMs: at('10:00'), endMs: at('10:30') };
  const news = (type: 'running.started' | 'running.stopped', atMs: number): RunNotification => ({
    type,
    dispatch: v(1),
    run,
    cause: 'schedule',
    atMs,
    lateMs: 5,
  });
  const [start, stop] = [news('running.started', run.startMs), news('running.stopped', run.endMs)];
  const judge = (notifications: RunNotification[], nowMs: number) => {
    const oracle = new RunOracle();
    oracle.takeVersion(said('created', v(1), at('09:00')), v(1), 'update');
    for (const notification of notifications) oracle.takeRun(notification);
    const { lost, doubled } = oracle.finish(nowMs);
    return { lost: lost.length, doubled: doubled.length };
  };

  it.each([
    ['nothing', [start, stop], 0, 0],
    ['a start', [stop], 0, 1],
    ['a stop', [start], 1, 0],
    ['both', [], 1, 0],
    ['a start twice', [start, start, stop], 0, 1],
    ['a start too early', [{ ...start, lateMs: -minuteMs }, stop], 0, 2],
  ])('notices %s', (_, notifications, lost, doubled) => {
    const judged = judge(notifications, at('11:00'));
    expect({ lost: Math.min(judged.lost, 1), doubled: judged.doubled }).toEqual({ lost, doubled });
  });

  it('does not miss what is to come', () => {
    expect(judge([start], at('10:29'))).toEqual({ lost: 0, doubled: 0 });
  });
});
