// How do dispatches control a device that has states and faults of its own?
import { createInterface } from 'node:readline';
import { assign, createActor, setup } from 'xstate';
import { type Dispatch, Dispatcher, mergeForComponent } from 'xstate-dispatch';

const maxKw = 10;
const modes: Readonly<Record<string, string>> = { CHARGE: 'charging', HOLD: 'holding', DISCHARGE: 'discharging' };

/** What a dispatch asks of the battery: its type sets the mode, its payload the power. */
function orderText({ id, type, payload }: Dispatch): string {
  const kw = typeof payload.kw === 'number' ? payload.kw : maxKw;
  return `${modes[type]} with ${type === 'HOLD' ? 0 : Math.min(Math.max(kw, 0), maxKw)} kW for dispatch ${id}`;
}

/** A battery that does what the dispatch in force wants, if there is one and it has no fault. */
const battery = setup({
  types: {
    context: {} as { order: Dispatch | null },
    events: {} as { type: 'order'; order: Dispatch | null } | { type: 'fault' } | { type: 'reset' },
  },
  actions: {
    note: assign({ order: ({ context, event }) => (event.type === 'order' ? event.order : context.order) }),
    // Here a program would command its inverter.
    setPower: ({ context: { order } }) => console.log(order === null ? 'idle' : orderText(order)),
    switchOff: () => console.log('fault: switched off until the reset'),
    reportBlocked: ({ context: { order } }) => console.log(`blocked: ${order === null ? 'idle' : orderText(order)}`),
  },
}).createMachine({
  context: { order: null },
  initial: 'ready',
  states: {
    ready: {
      entry: 'setPower',
      on: { order: { target: 'ready', reenter: true, actions: 'note' }, fault: 'faulted' },
    },
    // Orders still come and go. The one in force at the reset is carried out then.
    faulted: {
      entry: 'switchOff',
      on: { order: { actions: ['note', 'reportBlocked'] }, reset: 'ready' },
    },
  },
});

const dispatcher = new Dispatcher({
  microgridId: 1,
  address: process.env.DISPATCH_API_URL ?? 'grpc://localhost:50051?ssl=false',
  authKey: process.env.DISPATCH_API_AUTH_KEY,
  signSecret: process.env.DISPATCH_API_SIGN_SECRET,
});
const actor = createActor(battery).start();

// Type `fault` or `reset` to simulate a fault.
const keyboard = createInterface({ input: process.stdin });
keyboard.on('line', line => {
  if (line === 'fault' || line === 'reset') actor.send({ type: line });
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void dispatcher.stop());

// Of the dispatches that mean this battery, whatever their type, the one that began last is in force.
const mergeStrategy = mergeForComponent({ id: 5, category: 'BATTERY' });
const orders = dispatcher.newRunningStateReceiver(Object.keys(modes), { mergeStrategy });
await dispatcher.start();
for await (const dispatch of orders) {
  // A dry run must not touch the battery: it only says what it would do.
  if (dispatch.dryRun) console.log(`dry run: ${dispatch.change?.kind}, ${orderText(dispatch)}`);
  else actor.send({ type: 'order', order: dispatch.change?.kind === 'stopped' ? null : dispatch });
}
keyboard.close();
actor.stop();
