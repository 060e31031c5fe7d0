import type { RunNotification } from '../../machines/dispatch/runNotification.js';
import { Dispatcher } from '../../src/dispatcher/dispatcher.js';
import { silentLogger } from '../../src/logger.js';

/** A dispatcher and all that it says. */
export interface Journal extends AsyncDisposable {
  /**
   * What it said since it was asked last, up to what the service has told until now: lifecycle events such as
   * `created 1`, notifications such as `running.started 1 by update`, and its standing with the service, such as `live`.
   */
  entries(): Promise<string[]>;
  /** Waits until it has said something since it was asked last. */
  until(entry: string): Promise<void>;
}

/** What marks the place in the service's changes up to which everything is worked off. */
const markerType = 'MARKER';

/** Starts a dispatcher of a microgrid and waits until it is live; only after that its standing counts. */
export async function startJournal(address: string, microgridId: number): Promise<Journal> {
  const dispatcher = new Dispatcher({ microgridId, address, logger: silentLogger });
  let said: string[] = [];
  const watchers = new Set<() => void>();
  const say = (entry: string) => {
    said.push(entry);
    for (const look of watchers) look();
  };
  dispatcher.on('lifecycle', ({ type, dispatch }) =>
    say(`${type} ${dispatch.type === markerType ? markerType : dispatch.id}`),
  );
  dispatcher.actor.on('*', output => {
    if (!output.type.startsWith('run')) return;
    const { type, dispatch, cause } = output as RunNotification;
    say(`${type} ${dispatch.id} by ${cause}`);
  });
  await dispatcher.start();
  await dispatcher.ready({ timeoutMs: 10_000 });
  dispatcher.on('sync', ({ state }) => say(state));

  function until(entry: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (outcome: () => void) => {
        watchers.delete(look);
        clearTimeout(timer);
        outcome();
      };
      const look = () => said.includes(entry) && settle(resolve);
      const giveUp = () =>
        reject(new Error(`the dispatcher did not say '${entry}' in time, but:\n  ${said.join('\n  ')}`));
      const timer = setTimeout(() => settle(giveUp), 15_000);
      watchers.add(look);
      look();
    });
  }

  return {
    async entries() {
      const marker = { type: markerType, startTime: 'NOW', active: false, selector: { ids: [1] } } as const;
      const { id } = await dispatcher.client.create(marker);
      await until(`created ${markerType}`);
      await dispatcher.client.delete(id);
      await until(`deleted ${markerType}`);
      const entries = said.filter(entry => !entry.endsWith(markerType));
      said = [];
      return entries;
    },
    until,
    [Symbol.asyncDispose]: () => dispatcher.stop(),
  };
}
