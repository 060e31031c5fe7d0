// A program that embeds dispatchers, each of them until it is live, and tells what they leave open when they are stopped.
import { type AnyActorRef, createActor, setup, waitFor } from 'xstate';
import { Dispatcher, dispatcherActors } from 'xstate-dispatch';
import { type DispatcherOutput, dispatcherMachine } from 'xstate-dispatch/machines';
import { playScenes } from './playScenes.js';

const [address = ''] = process.argv.slice(2);

const machine = setup({
  types: { events: {} as DispatcherOutput | { type: 'on' | 'off' } },
  actors: { dispatcher: dispatcherMachine.provide({ actors: dispatcherActors({ address }) }) },
}).createMachine({
  initial: 'on',
  states: {
    on: {
      initial: 'syncing',
      invoke: { id: 'dispatcher', src: 'dispatcher', input: { microgridId: 1 } },
      on: { off: 'off' },
      states: {
        syncing: { on: { 'dispatcher.sync': { guard: ({ event }) => event.status.state === 'live', target: 'live' } } },
        live: {},
      },
    },
    off: { on: { on: 'on' } },
  },
});

const isLive = (snapshot: { matches(state: { on: 'live' }): boolean }) => snapshot.matches({ on: 'live' });

const scenes = {
  async 'a machine that invokes it stops'() {
    const actor = createActor(machine).start();
    await waitFor(actor, isLive);
    return () => actor.stop();
  },
  async 'a machine that invokes it leaves the state, for the second time'() {
    const actor = createActor(machine).start();
    await waitFor(actor, isLive);
    actor.send({ type: 'off' });
    actor.send({ type: 'on' });
    await waitFor(actor, isLive);
    return () => actor.send({ type: 'off' });
  },
  async 'a machine that was restored stops'() {
    const first = createActor(machine).start();
    await waitFor(first, isLive);
    const snapshot = JSON.parse(JSON.stringify(first.getPersistedSnapshot()));
    first.stop();
    const second = createActor(machine, { snapshot }).start();
    await dispatcherIs(second, 'live');
    return () => second.stop();
  },
  async 'it was told to stop'() {
    const actor = createActor(machine).start();
    await waitFor(actor, isLive);
    return () => actor.getSnapshot().children.dispatcher?.send({ type: 'dispatcher.stop' });
  },
  async 'a Dispatcher stops'() {
    const dispatcher = new Dispatcher({ microgridId: 1, address });
    await dispatcher.start();
    await dispatcher.ready();
    return () => void dispatcher.stop();
  },
};

async function dispatcherIs(actor: AnyActorRef, status: string): Promise<void> {
  await waitFor(actor.getSnapshot().children.dispatcher, ({ value }) => value === status);
}

await playScenes(scenes);
