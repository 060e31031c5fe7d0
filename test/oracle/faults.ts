import { assign, emit, sendTo } from 'xstate';
import { dispatchMachine } from '../../machines/dispatch/dispatchMachine.js';
import type { DispatchArgs, DispatchContext } from '../../machines/dispatch/dispatchPlan.js';
import { planAfresh, planByTimer, planIdle } from '../../machines/dispatch/dispatchPlan.js';
import { stoppedNotification } from '../../machines/dispatch/runNotification.js';
import { dispatcherMachine } from '../../machines/dispatcher/dispatcherMachine.js';
import { Agenda } from '../../machines/pool/agenda.js';
import { RecentDeletions } from '../../machines/pool/recentDeletions.js';
import type { PoolEvent } from '../../machines/protocol/messages.js';

/** Puts a fault into the machines; returns the undo. */
type Fault = () => () => void;

type Guard = (args: DispatchArgs) => boolean;

/** Faults that a person could make, by what they make of the dispatcher. */
export const faults: { readonly [name: string]: Fault } = {
  'a restart does not say what goes on': () => replaceAction(dispatchMachine, 'announceResumption', () => {}),

  'a restart says of runs that are over that they go on': () =>
    replaceGuard(
      'runGoesOn',
      () =>
        ({ context }) =>
          context.run !== null,
    ),

  'a restart says of runs that another one took over that they go on': () =>
    replaceGuard(
      'runGoesOn',
      original =>
        ({ context, event }) =>
          original({ context: { ...context, nextChange: null }, event }),
    ),

  'a change of dry run is no reconfiguration': () =>
    replaceGuard('updateChangesRun', original => args => {
      const { context, event } = args;
      if (event.type !== 'dispatch.updated') return original(args);
      return original({
        context,
        event: { ...event, dispatch: { ...event.dispatch, dryRun: context.dispatch.dryRun } },
      });
    }),

  'the same components in another order are a reconfiguration': () =>
    replaceGuard('updateChangesRun', original => args => {
      const { context, event } = args;
      if (event.type !== 'dispatch.updated') return original(args);
      const isWritten = (dispatch: DispatchContext['dispatch']) => JSON.stringify(dispatch.selector);
      return original(args) || isWritten(context.dispatch) !== isWritten(event.dispatch);
    }),

  'a run that touches the one before is a stop and a start': () =>
    replaceGuard('nextRunTakesOver', original => args => {
      const { run, nextChange } = args.context;
      return original(args) && run?.endMs !== nextChange?.atMs;
    }),

  'an update at the very start of the next run changes the present one': () =>
    replaceGuard('updateEntersNextRun', () => () => false),

  'a clock 59 seconds before a run stops it': () =>
    replaceGuard('clockIsLongBeforeRun', () => ({ context, event }) => {
      return context.run !== null && event.atMs < context.run.startMs - 59_000;
    }),

  'a run that was announced starts again when the clock goes back before it': () =>
    replaceAction(
      dispatchMachine,
      'takeTime',
      assign(({ context, event: { atMs } }: DispatchArgs) => ({
        atMs,
        cause: 'schedule' as const,
        ...planByTimer(context.dispatch, atMs, context),
        doneMs: null,
      })),
    ),

  'a run that was only missed is left out when the clock goes back into it': () =>
    replaceAction(
      dispatchMachine,
      'replan',
      assign(({ context, event: { atMs } }: DispatchArgs) => ({
        atMs,
        cause: 'schedule' as const,
        ...planIdle(context.dispatch, atMs, context.doneMs),
      })),
    ),

  'an update repeats a zero-length run': () =>
    replaceAction(
      dispatchMachine,
      'endRun',
      assign(({ context }: DispatchArgs) => planIdle(context.dispatch, context.atMs, context.doneMs)),
    ),

  'an update forgets what was announced': () =>
    replaceAction(
      dispatchMachine,
      'takeUpdate',
      assign(({ context, event }: DispatchArgs) => {
        if (event.type !== 'dispatch.updated') return {};
        const { dispatch, atMs } = event;
        const judgedMs = context.run === null ? atMs : Math.max(atMs, context.run.startMs);
        return { dispatch, atMs, cause: 'update' as const, ...planAfresh(dispatch, judgedMs, null) };
      }),
    ),

  'a stop by schedule is about the instant when it was noticed': () =>
    replaceAction(
      dispatchMachine,
      'announceStop',
      emit((args: DispatchArgs) => {
        const stopped = stoppedNotification(args);
        return { ...stopped, atMs: stopped.atMs + stopped.lateMs, lateMs: 0 };
      }),
    ),

  'the stop of a dispatch that changes its type carries the new type': () =>
    replaceAction(
      dispatchMachine,
      'announceStop',
      emit((args: DispatchArgs) => {
        const stopped = stoppedNotification(args);
        const isChanged = args.event.type === 'dispatch.updated' && stopped.cause === 'update';
        return isChanged ? { ...stopped, dispatch: args.event.dispatch } : stopped;
      }),
    ),

  'what a list lacks stays when it has an end': () =>
    replacePoolEvent(event => (event.type === 'sync.listEnded' ? { ...event, endFromMs: Infinity } : event)),

  'a clock that goes back is noticed with the next timer that is due': () =>
    replacePoolEvent(event => (event.type === 'clock.wentBack' ? { ...event, type: 'timer.due' } : event)),

  'starts come after stops of the same instant': () =>
    replaceMethod(
      Agenda.prototype,
      'set',
      original =>
        function (this: Agenda<never>, entry, atMs, kind) {
          original.call(this, entry, atMs, kind === 'start' ? 'stop' : kind);
        },
    ),

  'an event that was overtaken brings a deleted dispatch back': () =>
    replaceMethod(RecentDeletions.prototype, 'has', () => () => false),
};

function replaceGuard(name: string, change: (original: Guard) => Guard): () => void {
  const guards = dispatchMachine.implementations.guards as unknown as Record<string, Guard>;
  return replaceMethod(guards, name, change);
}

function replaceAction(
  machine: { readonly implementations: { actions: object } },
  name: string,
  action: unknown,
): () => void {
  return replaceMethod(machine.implementations.actions as Record<string, unknown>, name, () => action);
}

function replacePoolEvent(change: (event: PoolEvent) => PoolEvent): () => void {
  const forward = sendTo(
    (_, { to }: { to: string }) => to,
    ({ event }, { to }: { to: string }) => (to === 'pool' ? change(event as PoolEvent) : event),
  );
  return replaceAction(dispatcherMachine, 'forward', forward);
}

/** Replaces a member that must be there, for a machine finds its implementations by name. */
function replaceMethod<T extends object, K extends keyof T>(
  holder: T,
  name: K,
  change: (original: T[K]) => T[K],
): () => void {
  const original = holder[name];
  if (original === undefined) throw new Error(`there is no ${String(name)} to break`);
  holder[name] = change(original);
  return () => {
    holder[name] = original;
  };
}
