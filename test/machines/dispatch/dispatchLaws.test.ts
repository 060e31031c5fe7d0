import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createActor, initialTransition, transition } from 'xstate';
import { beginningOf, dispatchMachine } from '../../../machines/dispatch/dispatchMachine.js';
import type { DispatchMachineEvent } from '../../../machines/dispatch/dispatchPlan.js';
import type { RunNotification } from '../../../machines/dispatch/runNotification.js';
import { withSharedInitialSnapshot } from '../../../machines/xstate/withSharedInitialSnapshot.js';
import { runAt, runFrom, startsBetween } from '../../../src/model/schedule.js';
import { dispatchArbitrary } from '../../../src/testing/dispatchArbitrary.js';
import { ruleArbitrary } from '../../../src/testing/ruleArbitrary.js';
import { dayMs, hourMs, minuteMs, monday10Ms } from '../../support/dispatchRecord.js';
import { emittedBy } from '../../support/playDispatch.js';

/** Dispatches whose runs come often enough to matter within some days. */
const lively = dispatchArbitrary({
  startTimeMs: fc.integer({ min: -1000, max: 1000 }).map(minutes => monday10Ms + minutes * minuteMs),
  durationMs: fc.option(fc.constantFrom(0, 1, 30, 60, 90, 24 * 60, 3 * 24 * 60).map(minutes => minutes * minuteMs)),
  recurrence: fc.option(ruleArbitrary({ frequencies: ['MINUTELY', 'HOURLY', 'DAILY'], maxInterval: 90 })),
  active: fc.integer({ min: 0, max: 9 }).map(n => n > 0),
});

/** How far an event is from the one before: mostly forward, sometimes at once, sometimes back. */
const wait = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 3 * hourMs }) },
  { weight: 2, arbitrary: fc.constantFrom(0, 1, 1000, minuteMs, dayMs) },
  { weight: 1, arbitrary: fc.integer({ min: -2 * hourMs, max: 0 }) },
);
const step = fc.record({ wait, update: fc.option(lively, { freq: 3 }), atNextChange: fc.boolean() });

describe('laws of the dispatch machine', () => {
  it('is in the state that its plan says, wants nothing of the past, and stops only what it started', () => {
    fc.assert(
      fc.property(lively, fc.array(step, { maxLength: 40 }), (dispatch, steps) => {
        let atMs = monday10Ms;
        let isRunning = false;
        let [snapshot, actions] = initialTransition(dispatchMachine, { dispatch, atMs });
        const check = () => {
          for (const { type, run } of emittedBy(actions)) {
            if (type === 'running.started') isRunning = true;
            else if (type !== 'run.missed') expect(isRunning, type).toBe(true);
            if (type === 'running.stopped') isRunning = false;
            expect(run.endMs === null || run.endMs >= run.startMs).toBe(true);
          }
          const { run, nextChange } = snapshot.context;
          expect(snapshot.value).toBe(run !== null ? 'running' : nextChange !== null ? 'idle' : 'stopped');
          expect(isRunning).toBe(run !== null);
          expect(nextChange === null || nextChange.atMs > snapshot.context.atMs).toBe(true);
          if (snapshot.value === 'idle') expect(nextChange?.kind).toBe('start');
        };
        check();
        for (const { wait, update, atNextChange } of steps) {
          atMs = atNextChange ? (snapshot.context.nextChange?.atMs ?? atMs) : atMs + wait;
          const event: DispatchMachineEvent = update
            ? { type: 'dispatch.updated', atMs, dispatch: update }
            : { type: 'timer.due', atMs };
          [snapshot, actions] = transition(dispatchMachine, snapshot, event);
          check();
        }
      }),
    );
  });

  it('goes on the same when its actors share their first snapshot', () => {
    const sharing = withSharedInitialSnapshot(dispatchMachine, beginningOf);
    fc.assert(
      fc.property(lively, fc.array(step, { maxLength: 5 }), (dispatch, steps) => {
        let atMs = monday10Ms;
        const input = { dispatch, atMs };
        const actors = [sharing, dispatchMachine].map(machine => createActor(machine, { input }));
        const said = actors.map(actor => {
          const notifications: RunNotification[] = [];
          actor.on('*', notification => notifications.push(notification));
          return notifications;
        });
        for (const actor of actors) actor.start();
        for (const { wait, update } of steps) {
          atMs += wait;
          for (const actor of actors) {
            actor.send(update ? { type: 'dispatch.updated', atMs, dispatch: update } : { type: 'timer.due', atMs });
          }
        }
        const [shared, own] = actors.map(actor => ({ ...actor.getSnapshot(), ...actor.getPersistedSnapshot() }));
        expect(shared).toEqual(own);
        expect(said[0]).toEqual(said[1]);
      }),
    );
  });

  it('announces each scheduled run once, at its start, when it is woken as it wants', () => {
    fc.assert(
      fc.property(lively, dispatch => {
        const [fromMs, toMs] = [monday10Ms, monday10Ms + 3 * dayMs];
        const announced: RunNotification[] = [];
        let [snapshot, actions] = initialTransition(dispatchMachine, { dispatch, atMs: fromMs });
        announced.push(...emittedBy(actions));
        for (
          let next = snapshot.context.nextChange;
          next !== null && next.atMs < toMs;
          next = snapshot.context.nextChange
        ) {
          [snapshot, actions] = transition(dispatchMachine, snapshot, { type: 'timer.due', atMs: next.atMs });
          announced.push(...emittedBy(actions));
        }
        const starts = announced.filter(({ type }) => type === 'running.started').map(({ run }) => run);
        const present = runAt(dispatch, fromMs);
        const scheduled = dispatch.active
          ? [...startsBetween(dispatch, fromMs, toMs)].map(startMs => runFrom(dispatch, startMs))
          : [];
        const expected = present !== null && present.startMs < fromMs ? [present, ...scheduled] : scheduled;
        expect(starts).toEqual(expected);
        expect(announced.every(({ lateMs }) => lateMs === 0)).toBe(true);
        expect(announced.some(({ type }) => type === 'run.missed' || type === 'running.reconfigured')).toBe(false);
      }),
      { numRuns: 50 },
    );
  });
});
