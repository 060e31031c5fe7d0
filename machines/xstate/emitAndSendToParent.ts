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
import { sendToParentFrom } from './sendFrom.js';

/** What the events of an {@link emitAndSendToParent} action are computed from. */
export interface EmitArgs<TContext, TEvent> {
  readonly context: TContext;
  readonly event: TEvent;
}

type EventsOf<TContext, TEvent, TParams, TOutput> = (
  args: EmitArgs<TContext, TEvent>,
  params: TParams,
) => readonly TOutput[];

/**
 * An action that emits any number of events, in order, and sends each to the parent of the actor where it has one: XState's
 * `emit` and `sendParent` as one action for a burst. What is left of a burst is dropped when the actor is stopped meanwhile, also by
 * a parent that leaves the state which invoked it: it hears nothing more.
 *
 * It is XState's `emit` with another `resolve` and `execute`, which XState does not document. A function as an action would do,
 * but XState warns of the actions of a parent that is told by one. If `emit` is made otherwise, each event becomes an `emit`
 * and a `sendTo` of `enqueueActions`: the rest of a burst then reaches a parent that has left, and the transition costs more.
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

/** What XState's actors have without saying so in their types; a test pins it. Without it a burst is sent to its end. */
interface ActorInside {
  readonly _processingStatus?: number;
  readonly mailbox?: { readonly _current: Letter | null };
}

interface Letter {
  readonly value: EventObject;
  readonly next: Letter | null;
}

const notStarted = 0;

/** Whether an actor was stopped, or will be once it is done with its present event. */
function isStopping(actor: AnyActorRef): boolean {
  if (actor.getSnapshot().status === 'stopped') return true;
  // Stopping clears what waits in the mailbox first.
  const current = (actor as ActorInside).mailbox?._current;
  return current?.value.type === 'xstate.stop' || current?.next?.value.type === 'xstate.stop';
}

/** What waits until a parent is done with its present event, or is started. */
const waiting = new WeakMap<AnyActorRef, EventObject[]>();

/** An event that is put into the mailbox of a busy parent reaches it although an earlier one makes it leave. So it waits outside. */
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

/** No actor is busy between two callbacks of the event loop. */
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
  const { mailbox, _processingStatus } = parent as ActorInside;
  return mailbox !== undefined && (mailbox._current !== null || _processingStatus === notStarted);
}

/** Whether a parent still has an actor as its child; one that is no machine does not say. */
function isChild(self: AnyActorRef, parent: AnyActorRef): boolean {
  const { status, children } = parent.getSnapshot();
  return status === 'active' && (children === undefined || children[self.id] === self);
}

function unused(): never {
  throw new Error('XState asks this action for its events in another way');
}
