// How do dispatches control a device that has states and faults of its own?
import { createInterface } from 'node:readline';
import { assign, createActor, setup } from 'xstate';
import { type DispatchRecord, dispatcherActors } from 'xstate-dispatch';
import { type DispatcherOutput, dispatcherMachine, type RunningNotification } from 'xstate-dispatch/machines';

const componentId = 5;
const maxKw = 10;

type Mode = 'charging' | 'holding' | 'discharging';

/** What a running dispatch asks of the battery. */
interface Order {
  readonly dispatchId: number;
  readonly mode: Mode;
  readonly kw: number;
}

const modes: Readonly<Record<string, Mode>> = { CHARGE: 'charging', HOLD: 'holding', DISCHARGE: 'discharging' };

/** The type of a dispatch sets the mode, its payload the power. Null when the dispatch is not for this battery. */
function orderOf({ id, type, selector, payload }: DispatchRecord): Order | null {
  const mode = modes[type];
  const isMeant =
    selector.ids !== undefined
      ? selector.ids.includes(componentId)
      : selector.categories.some(({ category }) => category === 'BATTERY');
  if (mode === undefined || !isMeant) return null;
  const kw = typeof payload.kw === 'number' ? payload.kw : maxKw;
  return { dispatchId: id, mode, kw: mode === 'holding' ? 0 : Math.min(Math.max(kw, 0), maxKw) };
}

/** The order that a notification leaves in force. Null after a stop and for a dry run, which must not touch the battery. */
function orderAfter({ type, dispatch }: RunningNotification): Order | null {
  return type === 'running.stopped' || dispatch.dryRun ? null : orderOf(dispatch);
}

/** The orders after a dispatch started, changed or stopped. */
function ordersAfter(orders: readonly Order[], change: RunningNotification): readonly Order[] {
  const { id } = change.dispatch;
  const order = orderAfter(change);
  if (order === null) return orders.filter(({ dispatchId }) => dispatchId !== id);
  const isKnown = orders.some(({ dispatchId }) => dispatchId === id);
  return isKnown ? orders.map(old => (old.dispatchId === id ? order : old)) : [...orders, order];
}

function orderText({ mode, kw, dispatchId }: Order): string {
  return `${mode} with ${kw} kW for dispatch ${dispatchId}`;
}

const battery = setup({
  types: {
    // Orders of the dispatches that run; the last one is in force.
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
    noteOrder: assign({ orders: ({ context }, change: RunningNotification) => ordersAfter(context.orders, change) }),
    // Here a program would command its inverter.
    setPower: ({ context }) => {
      const order = context.orders.at(-1);
      console.log(order === undefined ? 'idle' : orderText(order));
    },
    // A dry run only says what it would do.
    reportDryRun: (_, { type, dispatch }: RunningNotification) => {
      const order = orderOf(dispatch);
      if (order !== null && dispatch.dryRun) console.log(`dry run: ${type}, ${orderText(order)}`);
    },
    reportBlocked: (_, { type, dispatch }: RunningNotification) =>
      console.log(`blocked: ${type} of dispatch ${dispatch.id}`),
    switchOff: () => console.log('fault: switched off until the reset'),
  },
  guards: {
    changesOrders: ({ context }, change: RunningNotification) =>
      orderAfter(change) !== null || context.orders.some(({ dispatchId }) => dispatchId === change.dispatch.id),
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
        'running.*': [
          {
            guard: { type: 'changesOrders', params: ({ event }) => event },
            target: '.deciding',
            actions: { type: 'noteOrder', params: ({ event }) => event },
          },
          { actions: { type: 'reportDryRun', params: ({ event }) => event } },
        ],
        fault: 'faulted',
      },
    },
    // Orders still come and go. The one in force at the reset is carried out then.
    faulted: {
      entry: 'switchOff',
      on: {
        'running.*': {
          guard: { type: 'changesOrders', params: ({ event }) => event },
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

// Type `fault` or `reset` to simulate a fault.
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
