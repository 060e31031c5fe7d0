// A program for tests that end and start it again: its dispatcher keeps what it needs in the file that is its argument, in one of three
// forms, and each line that it prints is something that a device was told, or a state of the connection.
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { createActor, setup } from 'xstate';
import { type DispatcherOutput, dispatcherMachine } from '../../machines/index.js';
import { Dispatcher, dispatcherActors } from '../../src/index.js';
import { type DispatcherStore, sqliteStore } from '../../src/store/index.js';

const [form = '', path = '', address = ''] = process.argv.slice(2);

/** When what was kept was at hand, since the start of the process. */
let openedMs = 0;
const say = (line: object) =>
  void process.stdout.write(`${JSON.stringify({ ...line, openedMs, atMs: performance.now() })}\n`);

function timedStore(): DispatcherStore {
  const store = sqliteStore(path);
  return {
    open: async of => {
      const opened = await store.open(of);
      openedMs ||= performance.now();
      return opened;
    },
    load: of => store.load(of),
    save: save => store.save(save),
    close: of => store.close(of),
  };
}

/** Runs until SIGTERM; `keep` is called after each event. */
function embed(store: DispatcherStore | undefined, read: () => string | null, keep: (text: string) => void): void {
  const plant = setup({
    types: { events: {} as DispatcherOutput },
    actors: { dispatcher: dispatcherMachine.provide({ actors: dispatcherActors({ address, store, warmUp: false }) }) },
    actions: {
      device: (_, { type, dispatch }: Extract<DispatcherOutput, { run: unknown }>) => say({ type, id: dispatch.id }),
      sync: (_, state: string) => say({ type: state }),
    },
  }).createMachine({
    invoke: { id: 'dispatcher', src: 'dispatcher', input: { microgridId: 1 } },
    on: {
      'running.*': { actions: { type: 'device', params: ({ event }) => event } },
      'dispatcher.sync': { actions: { type: 'sync', params: ({ event }) => event.status.state } },
    },
  });
  const snapshot = read();
  const actor = createActor(plant, snapshot === null ? {} : { snapshot: JSON.parse(snapshot) });
  actor.subscribe(() => keep(JSON.stringify(actor.getPersistedSnapshot())));
  actor.start();
  process.once('SIGTERM', () => {
    keep(JSON.stringify(actor.getPersistedSnapshot()));
    actor.stop();
  });
}

/** The file has one snapshot or the next, whenever the program is killed. */
function writeSnapshot(text: string): void {
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}

function readSnapshot(): string | null {
  const snapshot = existsSync(path) ? readFileSync(path, 'utf8') : null;
  openedMs = performance.now();
  return snapshot;
}

if (form === 'Dispatcher') {
  const dispatcher = new Dispatcher({ microgridId: 1, address, store: timedStore(), warmUp: false });
  dispatcher.on('running', ({ id, change }) =>
    say({ type: `running.${change?.cause === 'restore' ? 'resumed' : change?.kind}`, id }),
  );
  dispatcher.on('sync', ({ state }) => say({ type: state }));
  process.once('SIGTERM', () => void dispatcher.stop());
  await dispatcher.start();
} else if (form === 'machine with a store') {
  embed(
    timedStore(),
    () => null,
    () => {},
  );
} else embed(undefined, readSnapshot, writeSnapshot);
