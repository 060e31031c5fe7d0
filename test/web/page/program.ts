// The program of a page in which tests use `xstate-dispatch/web`; each test calls it by `window.program`.
import type { StoreChange, StoreSave } from '../../../machines/protocol/dispatcherStore.js';
import { DispatchClient, DispatchError, Dispatcher, indexedDbStore, silentLogger } from '../../../src/web/index.js';
import { checkSequences } from '../../oracle/checkSequences.js';
import type { DispatcherStorePlace } from '../../support/testDispatcherStore.js';
import { spoilDatabase } from '../spoilDatabase.js';

/** How a page connects. */
export interface Connecting {
  readonly url: string;
  readonly authKey?: string;
  readonly signSecret?: string;
  /** Name of the store. @default none */
  readonly store?: string;
  readonly acrossTabs?: boolean;
}

let dispatcher: Dispatcher | undefined;
const said: string[] = [];
const states: string[] = [];
const problems: string[] = [];
const stores = new Map<string, ReturnType<typeof indexedDbStore>>();

const program = {
  /** Starts a dispatcher of microgrid 1; rejects with the code of the error. */
  async follow({ store, ...connecting }: Connecting): Promise<void> {
    dispatcher = new Dispatcher({
      microgridId: 1,
      ...connecting,
      logger: silentLogger,
      ...(store !== undefined && { store: indexedDbStore(store) }),
    });
    dispatcher.on('lifecycle', ({ type, dispatch }) => said.push(`${dispatch.id} ${type}`));
    dispatcher.on('running', ({ id, change }) => said.push(`${id} ${change?.kind} by ${change?.cause}`));
    dispatcher.on('sync', ({ state }) => states.push(state));
    dispatcher.on('problem', ({ code, message }) => problems.push(`${code}: ${message}`));
    await dispatcher.start();
  },
  said: () => said,
  states: () => states,
  problems: () => problems,
  state: () => dispatcher?.status.state,
  isPolling: () => dispatcher?.status.polling,
  stop: () => dispatcher?.stop(),
  /** Calls the service, as a client of its own; returns the id, or the message of the error. */
  async create({ store: _, ...connecting }: Connecting, type: string): Promise<number | string> {
    await using client = new DispatchClient({ ...connecting, callTimeoutMs: 3_000 });
    try {
      const { id } = await client.create({ microgridId: 1, type, startTime: 'NOW', selector: { ids: [5] } });
      return id;
    } catch (error) {
      return String(error instanceof DispatchError ? error.message : error);
    }
  },
  /** Plays random sequences against the oracle; returns what was said in all of them. */
  checkSequences: (options: { readonly seed: number; readonly sequences: number }) => checkSequences(options),
  /** The methods of stores in this page, for tests of stores. */
  store: {
    async open(key: string, name: string, microgridId: number) {
      const store = stores.get(key) ?? indexedDbStore(name);
      stores.set(key, store);
      return outcome(() => store.open({ microgridId }));
    },
    load: (key: string, name: string, microgridId: number) =>
      outcome(async () => {
        const store = stores.get(key) ?? indexedDbStore(name);
        const pages: { dispatches: readonly unknown[]; problems: readonly unknown[] }[] = [];
        for await (const { dispatches, problems } of store.load({ microgridId })) {
          pages.push({ dispatches, problems: problems.map(problem => problem.toJSON()) });
        }
        return pages;
      }),
    save: (
      key: string,
      name: string,
      { slices, ...save }: Omit<StoreSave, 'changes'> & { readonly slices: readonly (readonly StoreChange[])[] },
      failure: string | null,
    ) =>
      outcome(() => {
        async function* changes() {
          yield* slices;
          if (failure !== null) throw new Error(failure);
        }
        return (stores.get(key) ?? indexedDbStore(name)).save({ ...save, changes: changes() });
      }),
    /** Replaces what is stored of dispatches of microgrid 1, behind the back of stores. */
    spoil: (name: string, texts: Parameters<DispatcherStorePlace['spoil']>[0]) => spoilDatabase(name, texts),
    close: (key: string, microgridId: number) => outcome(async () => stores.get(key)?.close({ microgridId })),
  },
};

/** A result, or an error as a test can take it out of the page. */
async function outcome<T>(call: () => Promise<T>) {
  try {
    return { result: await call() };
  } catch (error) {
    return { error: DispatchError.from(error).toJSON() };
  }
}

/** What a page offers its tests. */
export type PageProgram = typeof program;

Object.assign(globalThis, { program });
