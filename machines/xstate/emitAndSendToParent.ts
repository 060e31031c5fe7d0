import {
  type ActionFunction,
  type AnyActorRef,
  type AnyActorScope,
  type EventObject,
  emit,
  enqueueActions,
  type MachineContext,
} from 'xstate';
import { parentOf } from './parentOf.js';
import { processingOf } from './processing.js';
import { sendToParentFrom } from './sendFrom.js';

/** Arguments of the function that computes the events of an {@link emitAndSendToParent} action. */
export interface EmitArgs<TContext, TEvent> {
  readonly context: TContext;
  readonly event: TEvent;
}

type EventsOf<TContext, TEvent, TParams, TOutput> = (
  args: EmitArgs<TContext, TEvent>,
  params: TParams,
) => readonly TOutput[];

/**
 * An action that emits any number of events, in order, and sends each to the parent of the actor, if it has one: XState's `emit`
 * and `sendParent` as one action. When the actor is stopped meanwhile, also because its parent leaves the state that invoked it, the
 * remaining events are dropped.
 *
 * It is XState's `emit` with another `resolve` and `execute`, which XState does not document. A plain function would work, too, but
 * XState would warn about actions of a parent that receives an event from one. If `emit` is implemented differently, each event becomes an
 * `emit` and a `sendTo` of `enqueueActions`, which is as fast, but the remaining events then reach a parent that has left.
 */
export function emitAndSendToParent<
  TContext extends MachineContext,
  TEvent extends EventObject,
  TParams extends Record<string, unknown> | undefined,
  TOutput extends EventObject,
>(
  eventsOf: EventsOf<TContext, TEvent, TParams, TOutput>,
): ActionFunction<TContext, TEvent, TEvent, TParams, never, never, never, never, TOutput> {
  const action = emit<TContext, TEvent, TParams, TEvent, TOutput & { [key: string]: unknown }>(unused);
  if (!('resolve' in action && 'execute' in action)) return enqueueEach(eventsOf);
  return Object.assign(action, {
    resolve: (_scope: AnyActorScope, snapshot: unknown, args: EmitArgs<TContext, TEvent>, params: TParams) => [
      snapshot,
      { events: eventsOf(args, params) },
      undefined,
    ],
    execute: (scope: AnyActorScope, { events }: { events: readonly TOutput[] }) => {
      scope.defer(() => {
        const parent = parentOf(scope.self);
        for (const [i, event] of events.entries()) {
          if (isStopping(scope.self) || (i > 0 && parent !== undefined && !isChild(scope.self, parent))) return;
          scope.emit(event);
          tellParent(scope.self, event);
        }
      });
    },
  });
}

function enqueueEach<
  TContext extends MachineContext,
  TEvent extends EventObject,
  TParams extends Record<string, unknown> | undefined,
  TOutput extends EventObject,
>(eventsOf: EventsOf<TContext, TEvent, TParams, TOutput>) {
  return enqueueActions<TContext, TEvent, TParams, TEvent, never, never, never, never, TOutput>(
    ({ context, event, self, enqueue }, params) => {
      const parent = parentOf(self);
      for (const output of eventsOf({ context, event }, params)) {
        enqueue.emit(output);
        if (parent !== undefined) enqueue.sendTo(parent, output);
      }
    },
  );
}

/** Undocumented members of XState's actors; a test pins them. Without them, all events are sent. */
interface ActorInside {
  readonly mailbox?: { readonly _current: Letter | null };
}

interface Letter {
  readonly value: EventObject;
  readonly next: Letter | null;
}

/** Whether an actor is stopped, or will be after its present event. */
function isStopping(actor: AnyActorRef): boolean {
  if (actor.getSnapshot().status === 'stopped') return true;
  // Stopping first clears the mailbox.
  const current = (actor as ActorInside).mailbox?._current;
  return current?.value.type === 'xstate.stop' || current?.next?.value.type === 'xstate.stop';
}

/** Events that wait until a parent has processed its present event, or is started. */
const waiting = new WeakMap<AnyActorRef, EventObject[]>();

/** Sends an event to the parent. Holds it while the parent is busy: in its mailbox it would arrive even after an earlier event made the parent leave the state. */
function tellParent(self: AnyActorRef, event: EventObject): void {
  const parent = parentOf(self);
  if (parent === undefined) return;
  const before = waiting.get(self);
  if (before !== undefined) before.push(event);
  else if (!isBusy(parent)) sendToParentFrom(self, event);
  else {
    waiting.set(self, [event]);
    queueMicrotask(() => tellWaiting(self, parent));
  }
}

/** Sends the held events in a microtask, when no actor is busy. */
function tellWaiting(self: AnyActorRef, parent: AnyActorRef): void {
  const events = waiting.get(self) ?? [];
  try {
    while (!isStopping(self) && isChild(self, parent)) {
      const event = events.shift();
      if (event === undefined) break;
      sendToParentFrom(self, event);
    }
  } finally {
    waiting.delete(self);
  }
}

function isBusy(parent: AnyActorRef): boolean {
  const { mailbox } = parent as ActorInside;
  return mailbox !== undefined && (mailbox._current !== null || processingOf(parent) === 'not started');
}

/** Whether a parent still has an actor as its child; unknown for parents that are not machines. */
function isChild(self: AnyActorRef, parent: AnyActorRef): boolean {
  const { status, children } = parent.getSnapshot();
  return status === 'active' && (children === undefined || children[self.id] === self);
}

function unused(): never {
  throw new Error('this version of XState calls the action in an unexpected way');
}
