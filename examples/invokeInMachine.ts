// How does my state machine receive the notifications of dispatches as events?
import { assign, createActor, not, setup } from 'xstate';
import { dispatcherActors } from 'xstate-dispatch';
import { type DispatcherOutput, dispatcherMachine, type RunningNotification } from 'xstate-dispatch/machines';

const dispatcher = dispatcherMachine.provide({
  actors: dispatcherActors({
    address: process.env.DISPATCH_API_URL ?? 'grpc://localhost:50051?ssl=false',
    authKey: process.env.DISPATCH_API_AUTH_KEY,
    signSecret: process.env.DISPATCH_API_SIGN_SECRET,
  }),
});

/** A heater that is on while at least one dispatch of type HEAT runs. */
const heater = setup({
  types: {
    // Ids of the dispatches that want heat now.
    context: {} as { wantedBy: readonly number[] },
    // Everything a dispatcher sends: each event below has its own type.
    events: {} as DispatcherOutput,
  },
  actors: { dispatcher },
  actions: {
    noteRun: assign({
      wantedBy: ({ context }, { type, dispatch }: RunningNotification) => {
        const others = context.wantedBy.filter(id => id !== dispatch.id);
        return type === 'running.stopped' || dispatch.dryRun ? others : [...others, dispatch.id];
      },
    }),
    // A dry run must not touch any equipment: it only says what it would do.
    reportDryRun: (_, { type, dispatch }: RunningNotification) => {
      if (dispatch.dryRun) console.log(`dry run: ${type} of dispatch ${dispatch.id}`);
    },
    report: (_, { line }: { line: string }) => console.log(line),
  },
  guards: {
    isForUs: (_, { type }: { type: string }) => type === 'HEAT',
    isOn: (_, { type, dispatch }: RunningNotification) =>
      dispatch.type === 'HEAT' && !dispatch.dryRun && type !== 'running.stopped',
    isWanted: ({ context }) => context.wantedBy.length > 0,
  },
}).createMachine({
  context: { wantedBy: [] },
  // It runs as long as this machine. Invoked in a state, it would run as long as the machine is in that state.
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
      // Restored inside a run, XState does not run entry actions again, but the heater may have lost power: each run that resumes,
      // starts or changes switches it on again. All other events of runs, also of dry runs, are handled below for all states.
      on: {
        'running.*': {
          guard: { type: 'isOn', params: ({ event }) => event },
          target: 'on',
          reenter: true,
          actions: { type: 'noteRun', params: ({ event }) => event },
        },
      },
    },
  },
  on: {
    // started, reconfigured, stopped, and resumed: still running after a restart from a snapshot or a store.
    'running.*': {
      guard: { type: 'isForUs', params: ({ event }) => event.dispatch },
      actions: [
        { type: 'noteRun', params: ({ event }) => event },
        { type: 'reportDryRun', params: ({ event }) => event },
      ],
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
// This stops the dispatcher too. No connection and no timer is left, so the program ends.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => actor.stop());
