import {
  assign,
  emit,
  enqueueActions,
  type MetaObject,
  type NonReducibleUnknown,
  type ParameterizedObject,
  type StateMachine,
  setup,
} from 'xstate';
import { isLongBefore, judgedAtMs } from '../../src/model/clockBack.js';
import type { DispatchRecord } from '../../src/model/dispatchRecord.js';
import { jsonEquals } from '../../src/model/jsonEquals.js';
import { type Run, runAt } from '../../src/model/schedule.js';
import { selectorEquals } from '../../src/model/selector.js';
import type { DispatchArgs, DispatchContext, DispatchInput, DispatchMachineEvent } from './dispatchPlan.js';
import { announcedMs, dueRun, isOver, leadsTo, planAfresh, planByTimer, planIdle } from './dispatchPlan.js';
import {
  missedNotification,
  type RunNotification,
  reconfiguredNotification,
  resumedNotification,
  startedNotification,
  stoppedNotification,
} from './runNotification.js';

/** State of a dispatch that exists: the states of `dispatchMachine` except the final one. */
export type DispatchState = 'idle' | 'running' | 'stopped';

/** Type of {@link dispatchMachine}, in words of every XState of the range: the inferred type has parameters that the oldest lacks. */
export type DispatchMachine = StateMachine<
  DispatchContext,
  DispatchMachineEvent,
  Record<never, never>,
  never,
  ParameterizedObject,
  ParameterizedObject,
  never,
  DispatchState | 'deleted',
  string,
  DispatchInput,
  NonReducibleUnknown,
  RunNotification,
  MetaObject,
  { id: 'dispatch'; states: { readonly [State in DispatchState | 'deleted']: Record<never, never> } }
>;

/**
 * The machine of one dispatch: `idle`, `running`, `stopped` and finally `deleted`. What it emits on a transition is the
 * notification.
 *
 * It reads no clock and sets no timer: `context.nextChange` says when to send `timer.due`, always later than the last
 * event. An early `timer.due` does no harm.
 */
export const dispatchMachine: DispatchMachine = setup({
  types: {
    input: {} as DispatchInput,
    context: {} as DispatchContext,
    events: {} as DispatchMachineEvent,
    emitted: {} as RunNotification,
  },
  actions: {
    takeUpdate: assign(takeUpdate),
    takeTime: assign(takeTime),
    replan: assign(replan),
    planAnew: assign(planAnew),
    endRun: assign(endRun),
    announceStart: emit(startedNotification),
    announceResumption: emit(resumedNotification),
    announceReconfiguration: emit(reconfiguredNotification),
    announceStop: emit(stoppedNotification),
    announceMissed: enqueueActions(({ context, event, enqueue }) => {
      const notification = missedNotification({ context, event });
      if (notification !== null) enqueue.emit(notification);
    }),
  },
  guards: {
    isInRun: ({ context }) => context.run !== null,
    hasNoRunLeft: ({ context }) => context.nextChange === null,
    runsAtOnce: ({ context }) => context.run !== null && context.run.startMs === context.run.endMs,
    changeIsDue: ({ context, event }) => context.nextChange !== null && context.nextChange.atMs <= event.atMs,
    nextRunBegins,
    nextRunTakesOver,
    clockIsLongBeforeRun: ({ context, event }) => context.run !== null && isLongBefore(context.run, event.atMs),
    runGoesOn,
    updateEndsRun,
    updateEntersNextRun,
    updateChangesRun,
  },
}).createMachine({
  id: 'dispatch',
  context: initialContext,
  initial: 'idle',
  states: {
    idle: {
      always: [
        { guard: 'runsAtOnce', actions: ['announceStart', 'announceStop', 'endRun'] },
        { guard: 'isInRun', target: 'running' },
        { guard: 'hasNoRunLeft', target: 'stopped' },
      ],
      on: {
        'timer.due': [
          { guard: 'nextRunBegins', target: 'running', actions: 'takeTime' },
          { guard: 'changeIsDue', actions: ['announceMissed', 'takeTime'] },
          { actions: 'replan' },
        ],
        'clock.set': { actions: 'planAnew' },
        'dispatch.updated': { actions: 'takeUpdate' },
        'dispatch.deleted': { target: 'deleted' },
      },
    },
    running: {
      entry: 'announceStart',
      exit: 'announceStop',
      on: {
        'timer.due': [
          { guard: 'clockIsLongBeforeRun', target: 'idle', actions: 'replan' },
          { guard: 'nextRunTakesOver', actions: ['announceMissed', 'takeTime', 'announceStart'] },
          { guard: 'changeIsDue', target: 'idle', actions: ['announceMissed', 'takeTime'] },
        ],
        'dispatch.restored': { guard: 'runGoesOn', actions: 'announceResumption' },
        'dispatch.updated': [
          { guard: 'updateEndsRun', target: 'idle', actions: 'takeUpdate' },
          { guard: 'updateEntersNextRun', actions: ['takeUpdate', 'announceStart'] },
          { guard: 'updateChangesRun', actions: ['takeUpdate', 'announceReconfiguration'] },
          { actions: 'takeUpdate' },
        ],
        'dispatch.deleted': { target: 'deleted' },
      },
    },
    stopped: {
      on: {
        'timer.due': { target: 'idle', actions: 'replan' },
        'clock.set': { target: 'idle', actions: 'planAnew' },
        'dispatch.updated': { target: 'idle', actions: 'takeUpdate' },
        'dispatch.deleted': { target: 'deleted' },
      },
    },
    deleted: { type: 'final' },
  },
});

/**
 * Initial state and context of an actor of {@link dispatchMachine}, and what it emits when it starts. Null for an actor that starts in
 * `stopped`, or in a run without length.
 */
export function beginningOf(
  input: DispatchInput,
): { state: DispatchState; context: DispatchContext; emits: RunNotification | null } | null {
  const context = initialContext({ input });
  const { run, nextChange } = context;
  if (run === null) return nextChange === null ? null : { state: 'idle', context, emits: null };
  return run.startMs === run.endMs ? null : { state: 'running', context, emits: startedNotification({ context }) };
}

function initialContext({ input }: { input: DispatchInput }): DispatchContext {
  const { dispatch, atMs, cause = 'sync' } = input;
  return { dispatch, atMs, cause, ...planAfresh(dispatch, atMs, null) };
}

function takeUpdate({ context, event }: DispatchArgs): Partial<DispatchContext> {
  if (event.type !== 'dispatch.updated') return {};
  const { dispatch, atMs } = event;
  return { dispatch, atMs, cause: 'update', ...planAfresh(dispatch, judgedAt(context, event), context) };
}

function takeTime({ context, event: { atMs } }: DispatchArgs): Partial<DispatchContext> {
  return { atMs, cause: 'schedule', ...planByTimer(context.dispatch, atMs, context) };
}

/**
 * After the clock was set back: a run whose start lies ahead again is announced again at its start. A run that contains the
 * present time begins only if it was missed before.
 */
function replan({ context, event: { atMs } }: DispatchArgs): Partial<DispatchContext> {
  const { dispatch, doneMs } = context;
  return { atMs, cause: 'schedule', ...planByTimer(dispatch, atMs, { run: null, doneMs, nextChange: null }) };
}

/** As at a first sync: the time before was none, so nothing was missed in it, and nothing is late. */
function planAnew({ context: { dispatch }, event: { atMs } }: DispatchArgs): Partial<DispatchContext> {
  return { atMs, cause: 'sync', ...planAfresh(dispatch, atMs, null) };
}

function endRun({ context }: { context: DispatchContext }): Partial<DispatchContext> {
  return planIdle(context.dispatch, context.atMs, announcedMs(context));
}

/** Whether the awaited run contains the present time, so that no run was missed. */
function nextRunBegins({ context, event: { atMs } }: DispatchArgs): boolean {
  const { dispatch, nextChange } = context;
  if (nextChange === null || nextChange.atMs > atMs) return false;
  const run = dueRun(dispatch, atMs, context);
  return run !== null && run.startMs === nextChange.atMs && run.endMs !== run.startMs;
}

/** Whether the present time is in a later run, and runs touch or overlap all the way to it. */
function nextRunTakesOver({ context, event: { atMs } }: DispatchArgs): boolean {
  const { dispatch, run, nextChange } = context;
  if (run === null || nextChange?.kind !== 'start' || nextChange.atMs > atMs) return false;
  const due = dueRun(dispatch, atMs, context);
  return due !== null && leadsTo(dispatch, run, due.startMs);
}

/** Whether the run contains the present time, or the clock was set back to just before it; neither its end nor another run is due. */
function runGoesOn({ context: { run, nextChange }, event: { atMs } }: DispatchArgs): boolean {
  return (
    run !== null && !isOver(run, atMs) && !isLongBefore(run, atMs) && (nextChange === null || nextChange.atMs > atMs)
  );
}

function updateEndsRun({ context, event }: DispatchArgs): boolean {
  if (event.type !== 'dispatch.updated') return false;
  const { run, dispatch } = context;
  if (run !== null && isOver(run, event.atMs)) return true;
  return dispatch.type !== event.dispatch.type || updatedRun(context, event) === null;
}

/** Whether the next run was due, but the update came before its timer. */
function updateEntersNextRun({ context, event }: DispatchArgs): boolean {
  const { nextChange } = context;
  if (event.type !== 'dispatch.updated' || nextChange?.kind !== 'start' || event.atMs < nextChange.atMs) return false;
  return (updatedRun(context, event)?.startMs ?? -Infinity) >= nextChange.atMs;
}

function updateChangesRun({ context, event }: DispatchArgs): boolean {
  if (event.type !== 'dispatch.updated') return false;
  const [old, now] = [context.dispatch, event.dispatch];
  const run = updatedRun(context, event);
  // The start counts, too: of dispatches that are merged, the one whose run began last is in force.
  return (
    context.run?.startMs !== run?.startMs ||
    context.run?.endMs !== run?.endMs ||
    old.dryRun !== now.dryRun ||
    !selectorEquals(old.selector, now.selector) ||
    !jsonEquals(old.payload, now.payload)
  );
}

function updatedRun(context: DispatchContext, event: { dispatch: DispatchRecord; atMs: number }): Run | null {
  return runAt(event.dispatch, judgedAt(context, event));
}

/** Time to evaluate an update at: now, or the start of the run when the clock was set back to just before it and the update keeps it. */
function judgedAt({ run }: DispatchContext, { dispatch, atMs }: { dispatch: DispatchRecord; atMs: number }): number {
  if (run === null) return atMs;
  const keptMs = judgedAtMs(run, atMs);
  return runAt(dispatch, keptMs) === null ? atMs : keptMs;
}
