import { type PythonProgram, startPython } from './python.js';
import type { PythonConnection } from './pythonClient.js';
import type { PythonDispatch, PythonTarget } from './pythonDispatch.js';

/** A lifecycle event of the Python dispatcher. */
export interface PythonLifecycle {
  readonly event: 'Created' | 'Updated' | 'Deleted';
  readonly dispatch: PythonDispatch;
  readonly deleted: boolean;
}

/** A message about a running state, with the state as it was when the message arrived. */
export interface PythonRunningState {
  readonly started: boolean;
  readonly dispatch: PythonDispatch;
}

/** What a managed actor did. Actors are numbered in the order of their creation. */
export interface PythonActorEntry {
  readonly actor: number;
  readonly does: 'starts' | 'is reconfigured' | 'stops';
  readonly target: PythonTarget;
  readonly dry_run: boolean;
  readonly options: object;
}

/** How the Python dispatcher merges runs; without one it does not. */
export type PythonMergeStrategy = 'MergeByType' | 'MergeByTypeTarget';

/** What Python is told, in its order. Entries are taken once. */
export interface PythonJournal<Entry> {
  /** Waits for the next entry. */
  next(): Promise<Entry>;
  /** Waits for so many entries. */
  take(count: number): Promise<Entry[]>;
  /** The entries about all changes that were made until now. */
  rest(): Promise<Entry[]>;
}

/** The Python package's `Dispatcher` of one microgrid. */
export class PythonDispatcher implements AsyncDisposable {
  readonly #program: PythonProgram = startPython('python_dispatcher.py');

  /** Makes the dispatcher, which can be asked for lifecycle events then. */
  connect({ address, authKey, signSecret }: PythonConnection, microgridId: number): Promise<void> {
    const connection = { address, auth_key: authKey, sign_secret: signSecret };
    return this.#program.call('connect', { ...connection, microgrid_id: microgridId });
  }

  /** Starts the dispatcher; it has listed the dispatches then, and hears of changes. */
  start(): Promise<void> {
    return this.#program.call('start', {});
  }

  /** Waits until it has worked off every change and will hear of the next ones. */
  catchUp(): Promise<void> {
    return this.#program.call('catch_up', {});
  }

  /** A receiver of the lifecycle events of a type. */
  lifecycle(type: string): Promise<PythonJournal<PythonLifecycle>> {
    return this.#journal('follow_lifecycle', { type });
  }

  /** A receiver of the running states of a type. */
  runningState(type: string, merge?: PythonMergeStrategy): Promise<PythonJournal<PythonRunningState>> {
    return this.#journal('follow_running_state', { type, merge_strategy: merge ?? null });
  }

  /** Has actors managed for a type, which log what they do. */
  manage(type: string, merge?: PythonMergeStrategy): Promise<PythonJournal<PythonActorEntry>> {
    return this.#journal('manage', { type, merge_strategy: merge ?? null });
  }

  /** A dispatch as the service holds it. */
  get(id: number): Promise<PythonDispatch> {
    return this.#program.call('get', { dispatch_id: id });
  }

  /** The dispatches of a type that the dispatcher holds, by id. */
  held(type: string): Promise<PythonDispatch[]> {
    return this.#program.call('held', { type });
  }

  /** The dispatches of a type that the service holds, by id. */
  listed(type: string): Promise<PythonDispatch[]> {
    return this.#program.call('listed', { type });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program[Symbol.asyncDispose]();
  }

  async #journal<Entry>(call: string, args: object): Promise<PythonJournal<Entry>> {
    const journal = await this.#program.call<number>(call, args);
    const take = (count: number) => this.#program.call<Entry[]>('take', { journal, count });
    return {
      async next() {
        const [entry] = await take(1);
        return entry as Entry;
      },
      take,
      rest: () => this.#program.call('take_rest', { journal }),
    };
  }
}
