import { type EventObject, initialTransition, transition } from 'xstate';
import { dispatchMachine } from '../../machines/dispatch/dispatchMachine.js';
import type { DispatchInput, DispatchMachineEvent } from '../../machines/dispatch/dispatchPlan.js';
import type { RunNotification } from '../../machines/dispatch/runNotification.js';
import { show } from './time.js';

/** One step of a dispatch machine: the state it led to, what it wants next, and what it emitted. */
export interface Step {
  readonly state: unknown;
  readonly next: string;
  readonly emitted: readonly string[];
}

/** Plays events against the pure transition function of the dispatch machine; the first step is its start. */
export function playDispatch(input: DispatchInput, events: readonly DispatchMachineEvent[]): Step[] {
  let [snapshot, actions] = initialTransition(dispatchMachine, input);
  const stepOf = (): Step => ({
    state: snapshot.value,
    next: showNext(snapshot.context.nextChange),
    emitted: emittedBy(actions).map(describeNotification),
  });
  const steps = [stepOf()];
  for (const event of events) {
    [snapshot, actions] = transition(dispatchMachine, snapshot, event);
    steps.push(stepOf());
  }
  return steps;
}

/** A notification in one line: what, run, cause, and the instant where the rest does not say it. */
export function describeNotification(notification: RunNotification): string {
  const { type, run, cause, atMs, lateMs } = notification;
  const words = `${type.split('.')[1]} ${show(run.startMs)}-${show(run.endMs)} by ${cause} at ${show(atMs)}`;
  const late = lateMs === 0 ? '' : ` +${lateMs}`;
  if (notification.type !== 'run.missed') return words + late;
  return `missed ${notification.count}${notification.more ? '+' : ''} ${show(notification.firstMs)}..${show(notification.lastMs)}`;
}

function showNext(next: { atMs: number; kind: string } | null): string {
  return next === null ? 'nothing' : `${next.kind} ${show(next.atMs)}`;
}

/** What a transition emitted. */
export function emittedBy(actions: readonly { type: string; params?: unknown }[]): RunNotification[] {
  // The type that `transition()` gives its actions leaves out those that emit.
  const emits = actions.filter(({ type }) => type === 'xstate.emit') as {
    type: string;
    params: { event: EventObject };
  }[];
  return emits.map(({ params }) => params.event as RunNotification);
}
