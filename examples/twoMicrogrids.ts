// How do I follow several microgrids in one program?
import { assign, createActor, setup } from 'xstate';
import { clientTransport, DispatchClient, dispatcherActors } from 'xstate-dispatch';
import { type DispatcherOutput, dispatcherMachine } from 'xstate-dispatch/machines';

// One connection for both. Who opens it closes it: here the program, when it ends.
const client = new DispatchClient({
  address: process.env.DISPATCH_API_URL ?? 'grpc://localhost:50051?ssl=false',
  authKey: process.env.DISPATCH_API_AUTH_KEY,
  signSecret: process.env.DISPATCH_API_SIGN_SECRET,
});

/** Which dispatches run, by the id of their microgrid. */
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
    add: assign({
      running: ({ context: { running } }, { microgridId, id }: { microgridId: number; id: number }) => ({
        ...running,
        [microgridId]: [...without(running[microgridId], id), id],
      }),
    }),
    remove: assign({
      running: ({ context: { running } }, { microgridId, id }: { microgridId: number; id: number }) => ({
        ...running,
        [microgridId]: without(running[microgridId], id),
      }),
    }),
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
    // Every event says which microgrid it is about.
    'running.started': { actions: [{ type: 'add', params: ({ event }) => event.dispatch }, 'reportRunning'] },
    'running.stopped': { actions: [{ type: 'remove', params: ({ event }) => event.dispatch }, 'reportRunning'] },
    'dispatcher.sync': { actions: { type: 'reportSync', params: ({ event }) => event } },
  },
});

function without(ids: readonly number[] = [], id: number): readonly number[] {
  return ids.filter(other => other !== id);
}

const actor = createActor(site).start();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    actor.stop();
    client.close();
  });
}
