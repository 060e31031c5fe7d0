// How does a machine of mine get what dispatches say, as events of its own?
import { assign, createActor, not, setup } from 'xstate';
import { dispatcherActors } from 'xstate-dispatch';
import { type DispatcherOutput, dispatcherMachine } from 'xstate-dispatch/machines';

const dispatcher = dispatcherMachine.provide({
  actors: dispatcherActors({
    address: process.env.DISPATCH_API_URL ?? 'grpc://localhost:50051?ssl=false',
    authKey: process.env.DISPATCH_API_AUTH_KEY,
    signSecret: process.env.DISPATCH_API_SIGN_SECRET,
  }),
});

/** A heater that is on while any dispatch of type HEAT runs. */
const heater = setup({
  types: {
    // The ids of the dispatches that want heat now.
    context: {} as { wantedBy: readonly number[] },
    // All that a dispatcher says: each event below has its own type.
    events: {} as DispatcherOutput,
  },
  actors: { dispatcher },
  actions: {
    want: assign({
      wantedBy: ({ context: { wantedBy } }, { id }: { id: number }) => [...wantedBy.filter(other => other !== id), id],
    }),
    wantNoMore: assign({
      wantedBy: ({ context: { wantedBy } }, { id }: { id: number }) => wantedBy.filter(other => other !== id),
    }),
    report: (_, { line }: { line: string }) => console.log(line),
  },
  guards: {
    isForUs: (_, { type }: { type: string }) => type === 'HEAT',
    isWanted: ({ context }) => context.wantedBy.length > 0,
  },
}).createMachine({
  context: { wantedBy: [] },
  // It lives as long as this machine. Invoked in a state, it would live as long as the machine is in that.
  invoke: { id: 'dispatcher', src: 'dispatcher', input: { microgridId: 1 } },
  initial: 'off',
  states: {
    off: {
      entry: { type: 'report', params: { line: 'the heater is off' } },
      always: { guard: 'isWanted', target: 'on' },
    },
    on: {
      entry: { type: 'report', params: { line: 'the heater is on' } },
      always: { guard: not('isWanted'), target: 'off' },
    },
  },
  on: {
    'running.started': {
      guard: { type: 'isForUs', params: ({ event }) => event.dispatch },
      actions: { type: 'want', params: ({ event }) => event.dispatch },
    },
    'running.stopped': {
      actions: { type: 'wantNoMore', params: ({ event }) => event.dispatch },
    },
    'dispatcher.sync': {
      actions: { type: 'report', params: ({ event }) => ({ line: `the dispatcher is ${event.status.state}` }) },
    },
    'dispatcher.problem': {
      actions: { type: 'report', params: ({ event }) => ({ line: `problem: ${event.problem.message}` }) },
    },
  },
});

const actor = createActor(heater).start();
// Stops the dispatcher too: it leaves no connection and no timer, so the program ends.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => actor.stop());
