import type { DispatcherStore, StoredDispatch } from '../../machines/protocol/dispatcherStore.js';

/** What a {@link faultyStore} does wrong: the error that a call rejects with. */
export interface StoreFaults {
  readonly open?: Error;
  readonly load?: Error;
  readonly save?: Error;
  readonly close?: Error;
  /** How many times `open` fails. @default always */
  readonly openFailures?: number;
  /** Whether `save` throws at once rather than reject. */
  readonly throwsAtOnce?: boolean;
}

/** A store in memory that fails as it is told, and counts. */
export interface FaultyStore extends DispatcherStore {
  /** How many times it was opened with success, and closed. */
  readonly opened: number;
  readonly closed: number;
  /** Calls that came while it was not open. */
  readonly outOfTurn: readonly string[];
}

/** Creates a store in memory that has some dispatches and fails as it is told. */
export function faultyStore(stored: readonly StoredDispatch[], faults: StoreFaults = {}): FaultyStore {
  const outOfTurn: string[] = [];
  let opened = 0;
  let closed = 0;
  let failuresLeft = faults.open === undefined ? 0 : (faults.openFailures ?? Number.POSITIVE_INFINITY);
  const check = (call: string) => {
    if (opened === closed) outOfTurn.push(call);
  };
  return {
    get opened() {
      return opened;
    },
    get closed() {
      return closed;
    },
    outOfTurn,
    open: async () => {
      if (faults.open !== undefined && failuresLeft-- > 0) throw faults.open;
      opened += 1;
      return { synced: stored.length > 0 };
    },
    async *load() {
      check('load');
      if (faults.load !== undefined) throw faults.load;
      yield { dispatches: structuredClone(stored), problems: [] };
    },
    save: save => {
      if (faults.throwsAtOnce) throw faults.save;
      return (async () => {
        check('save');
        for await (const _ of save.changes);
        if (faults.save !== undefined) throw faults.save;
      })();
    },
    close: async () => {
      check('close');
      closed += 1;
      if (faults.close !== undefined) throw faults.close;
    },
  };
}
