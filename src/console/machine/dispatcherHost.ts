import { type ActorLogic, type ActorRefFrom, createActor, type Snapshot } from 'xstate';
import { type DispatcherMachine, publicDispatcherMachine } from '../../../machines/dispatcher/dispatcherMachine.js';
import type { DispatcherOutput } from '../../../machines/protocol/dispatcherOutput.js';
import { parentOf } from '../../../machines/xstate/parentOf.js';
import { sendToParentFrom } from '../../../machines/xstate/sendFrom.js';

/** Snapshot of a {@link dispatcherHost}: its context has the dispatcher. */
export type DispatcherHostSnapshot = Snapshot<undefined> & {
  readonly context: { readonly dispatcher: ActorRefFrom<DispatcherMachine> };
};

/** Type of {@link dispatcherHost}. */
export type DispatcherHost = ActorLogic<DispatcherHostSnapshot, DispatcherOutput, { readonly microgridId: number }>;

/** What the console is always told. The rest it reads from the pools, and the log listens for itself. */
const passedOn: ReadonlySet<string> = new Set<DispatcherOutput['type']>(['dispatcher.sync', 'dispatcher.problem']);

/**
 * Actor logic that runs a dispatcher and passes on to its parent what the connection does, and what else the parent has a transition for. With
 * 100,000 dispatches the machine of the console would otherwise be told as many times, and the page look at itself after each.
 *
 * @param machine A `dispatcherMachine` with its actors.
 */
export function dispatcherHost(machine: DispatcherMachine = publicDispatcherMachine): DispatcherHost {
  return {
    getInitialSnapshot: ({ self }, { microgridId }) => ({
      status: 'active',
      output: undefined,
      error: undefined,
      context: {
        dispatcher: createActor(machine, { parent: self, id: `dispatcher-${microgridId}`, input: { microgridId } }),
      },
    }),
    transition: (snapshot, event, { self, stopChild }) => {
      if ((event.type as string) === 'xstate.stop') stopChild(snapshot.context.dispatcher);
      else if (passedOn.has(event.type) || parentOf(self)?.getSnapshot().can(event)) sendToParentFrom(self, event);
      return snapshot;
    },
    start: ({ context }) => {
      context.dispatcher.start();
    },
    getPersistedSnapshot: snapshot => snapshot,
  };
}
