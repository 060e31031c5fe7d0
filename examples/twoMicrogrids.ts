// How do I follow several microgrids in one program?
import { assign, createActor, setup } from 'xstate';
import { clientTransport, DispatchClient, dispatcherActors } from 'xstate-dispatch';
import { type DispatcherOutput, dispatcherMachine, type RunningNotification } from 'xstate-dispatch/machines';

// One connection for both. The program opens it, so the program closes it.
const client = new DispatchClient({
  address: process.env.DISPATCH_API_URL ?? 'grpc://localhost:50051?ssl=false',
  authKey: process.env.DISPATCH_API_AUTH_KEY,
  signSecret: process.env.DISPATCH_API_SIGN_SECRET,
});

/** Ids of the dispatches that run, by microgrid id. */
type Running = Readonly<Record<number, readonly number[]>>;

const site = setup({
  types: {
    context: {} as { running: Running },
    events: {} as DispatcherOutput,
  },
  actors: {
    dispatcher: dispatcherMachine.provide({ actors: dispatcherActors({ transport: clientTransport(client) }) }),
  },
  actions: {
    noteRun: assign({
      running: ({ context: { running } }, { type, dispatch: { microgridId, id, dryRun } }: RunningNotification) => {
        const others = (running[microgridId] ?? []).filter(other => other !== id);
        return { ...running, [microgridId]: type === 'running.stopped' || dryRun ? others : [...others, id] };
      },
    }),
    // A dry run must not touch any equipment: it only says what it would do.
    reportDryRun: (_, { type, dispatch: { microgridId, id, dryRun } }: RunningNotification) => {
      if (dryRun) console.log(`dry run: ${type} of dispatch ${id} of microgrid ${microgridId}`);
    },
    reportRunning: ({ context }) => console.log(`running: ${JSON.stringify(context.running)}`),
    reportSync: (_, { microgridId, status }: { microgridId: number; status: { state: string } }) =>
      console.log(`microgrid ${microgridId} is ${status.state}`),
  },
}).createMachine({
  context: { running: {} },
  invoke: [
    { id: 'north', src: 'dispatcher', input: { microgridId: 1 } },
    { id: 'south', src: 'dispatcher', input: { microgridId: 2 } },
  ],
  on: {
    // Each event says which microgrid it is about.
    'running.*': {
      actions: [
        { type: 'noteRun', params: ({ event }) => event },
        { type: 'reportDryRun', params: ({ event }) => event },
        'reportRunning',
      ],
    },
    'dispatcher.sync': { actions: { type: 'reportSync', params: ({ event }) => event } },
  },
});

const actor = createActor(site).start();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    actor.stop();
    client.close();
  });
}
