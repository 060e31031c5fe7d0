import { assign, not, setup } from 'xstate';
import { type DispatcherOutput, dispatcherMachine, type RunningNotification } from 'xstate-dispatch/machines';
import {
  clientTransport,
  type DispatchClient,
  dispatcherActors,
  type SyncState,
  type SyncStatus,
} from 'xstate-dispatch/web';

/** A plant with a charger that is on while at least one dispatch of type CHARGE runs, dry runs apart. */
export const plant = setup({
  types: {
    input: {} as { microgridId: number },
    context: {} as {
      microgridId: number;
      /** The last notification of each dispatch that runs, dry runs too. */
      running: readonly RunningNotification[];
      sync: SyncState;
      problem: string | null;
    },
    events: {} as DispatcherOutput,
  },
  actors: { dispatcher: dispatcherMachine },
  actions: {
    noteRun: assign({
      running: ({ context }, notification: RunningNotification) => {
        const others = context.running.filter(({ dispatch }) => dispatch.id !== notification.dispatch.id);
        return notification.type === 'running.stopped' ? others : [...others, notification];
      },
    }),
    noteSync: assign({
      sync: (_, { state }: SyncStatus) => state,
      problem: ({ context }, { state }) => (state === 'live' ? null : context.problem),
    }),
    noteProblem: assign({
      problem: (_, { error }: { error: unknown }) => (error instanceof Error ? error.message : String(error)),
    }),
  },
  guards: {
    // A dry run must not touch any equipment: it is only shown.
    isWanted: ({ context }) => context.running.some(({ dispatch }) => dispatch.type === 'CHARGE' && !dispatch.dryRun),
  },
}).createMachine({
  context: ({ input }) => ({ ...input, running: [], sync: 'starting', problem: null }),
  invoke: {
    id: 'dispatcher',
    src: 'dispatcher',
    input: ({ context: { microgridId } }) => ({ microgridId }),
    onError: { actions: { type: 'noteProblem', params: ({ event }) => ({ error: event.error }) } },
  },
  initial: 'off',
  states: {
    off: { always: { guard: 'isWanted', target: 'on' } },
    on: { always: { guard: not('isWanted'), target: 'off' } },
  },
  on: {
    'running.*': { actions: { type: 'noteRun', params: ({ event }) => event } },
    'dispatcher.sync': { actions: { type: 'noteSync', params: ({ event }) => event.status } },
    'dispatcher.problem': { actions: { type: 'noteProblem', params: ({ event }) => ({ error: event.problem }) } },
  },
});

/** The plant with a dispatcher that uses this client. */
export function connect(client: DispatchClient): typeof plant {
  const actors = dispatcherActors({ transport: clientTransport(client) });
  return plant.provide({ actors: { dispatcher: dispatcherMachine.provide({ actors }) } });
}
