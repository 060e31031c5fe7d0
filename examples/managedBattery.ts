// How do dispatches start, reconfigure and stop a device that has states and faults of its own?
import { createInterface } from 'node:readline';
import { assign, createActor, setup } from 'xstate';
import { type DispatchRecord, dispatcherActors } from 'xstate-dispatch';
import {
  type DispatcherOutput,
  dispatcherMachine,
  type RunReconfigured,
  type RunResumed,
  type RunStarted,
  type RunStopped,
} from 'xstate-dispatch/machines';

const componentId = 5;
const maxKw = 10;

type RunChange = RunStarted | RunResumed | RunReconfigured | RunStopped;
type Mode = 'charging' | 'holding' | 'discharging';

/** What a dispatch that runs wants of the battery. */
interface Order {
  readonly dispatchId: number;
  readonly mode: Mode;
  readonly kw: number;
}

const modes: Readonly<Record<string, Mode>> = { CHARGE: 'charging', HOLD: 'holding', DISCHARGE: 'discharging' };

/** The type of a dispatch decides what to do, its payload with how much power. Null when it is not for this battery. */
function orderOf({ id, type, selector, payload, dryRun }: DispatchRecord): Order | null {
  const mode = modes[type];
  const isMeant =
    'ids' in selector
      ? selector.ids.includes(componentId)
      : selector.categories.some(({ category }) => category === 'BATTERY');
  if (mode === undefined || !isMeant || dryRun) return null;
  const kw = typeof payload.kw === 'number' ? payload.kw : maxKw;
  return { dispatchId: id, mode, kw: mode === 'holding' ? 0 : Math.min(Math.max(kw, 0), maxKw) };
}

/** The orders after a dispatch began, changed or ended its run. */
function ordersAfter(orders: readonly Order[], { type, dispatch }: RunChange): readonly Order[] {
  const order = type === 'running.stopped' ? null : orderOf(dispatch);
  if (order === null) return orders.filter(({ dispatchId }) => dispatchId !== dispatch.id);
  const isKnown = orders.some(({ dispatchId }) => dispatchId === dispatch.id);
  return isKnown ? orders.map(old => (old.dispatchId === dispatch.id ? order : old)) : [...orders, order];
}

const battery = setup({
  types: {
    // The orders of the dispatches that run; the last one counts.
    context: {} as { orders: readonly Order[] },
    events: {} as DispatcherOutput | { type: 'fault' } | { type: 'reset' },
  },
  actors: {
    dispatcher: dispatcherMachine.provide({
      actors: dispatcherActors({
        address: process.env.DISPATCH_API_URL ?? 'grpc://localhost:50051?ssl=false',
        authKey: process.env.DISPATCH_API_AUTH_KEY,
        signSecret: process.env.DISPATCH_API_SIGN_SECRET,
      }),
    }),
  },
  actions: {
    noteOrder: assign({ orders: ({ context }, change: RunChange) => ordersAfter(context.orders, change) }),
    // Here a program would talk to its inverter.
    setPower: ({ context }) => {
      const order = context.orders.at(-1);
      console.log(order === undefined ? 'idle' : `${order.mode} with ${order.kw} kW for dispatch ${order.dispatchId}`);
    },
    reportBlocked: (_, { type, dispatch }: RunChange) => console.log(`blocked: ${type} of dispatch ${dispatch.id}`),
    switchOff: () => console.log('fault: switched off until the reset'),
  },
  guards: {
    changesOrders: ({ context }, { dispatch }: RunChange) =>
      orderOf(dispatch) !== null || context.orders.some(({ dispatchId }) => dispatchId === dispatch.id),
    isOrdered: ({ context }, { mode }: { mode: Mode }) => context.orders.at(-1)?.mode === mode,
  },
}).createMachine({
  context: { orders: [] },
  invoke: { src: 'dispatcher', input: { microgridId: 1 } },
  initial: 'ready',
  states: {
    ready: {
      initial: 'deciding',
      states: {
        deciding: {
          always: [
            { guard: { type: 'isOrdered', params: { mode: 'charging' } }, target: 'charging' },
            { guard: { type: 'isOrdered', params: { mode: 'holding' } }, target: 'holding' },
            { guard: { type: 'isOrdered', params: { mode: 'discharging' } }, target: 'discharging' },
            { target: 'idle' },
          ],
        },
        idle: { entry: 'setPower' },
        charging: { entry: 'setPower' },
        holding: { entry: 'setPower' },
        discharging: { entry: 'setPower' },
      },
      on: {
        'running.*': {
          guard: { type: 'changesOrders', params: ({ event }) => event },
          target: '.deciding',
          actions: { type: 'noteOrder', params: ({ event }) => event },
        },
        fault: 'faulted',
      },
    },
    // Orders still come and go, and the one that counts at the reset is carried out then.
    faulted: {
      entry: 'switchOff',
      on: {
        'running.*': {
          actions: [
            { type: 'noteOrder', params: ({ event }) => event },
            { type: 'reportBlocked', params: ({ event }) => event },
          ],
        },
        reset: 'ready',
      },
    },
  },
});

const actor = createActor(battery).start();

// Faults are rare in an example: type `fault` or `reset`.
const keyboard = createInterface({ input: process.stdin });
keyboard.on('line', line => {
  if (line === 'fault' || line === 'reset') actor.send({ type: line });
});

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    actor.stop();
    keyboard.close();
  });
}
