import type { Snapshot } from 'xstate';
import type { StoredDispatch } from '../../../machines/protocol/dispatcherStore.js';
import { DispatchError } from '../../../src/model/dispatchError.js';
import { dispatchRecord } from '../dispatchRecord.js';
import { type FaultyStore, faultyStore } from '../faultyStore.js';
import { at } from '../time.js';

/** Snapshots of a dispatcher as JSON: while it was live, after it had stopped, and of microgrid 2. */
export interface Snapshots {
  readonly live: string;
  readonly stopped: string;
  readonly other: string;
}

/** What a dispatcher begins from. */
export interface Beginning {
  readonly store?: FaultyStore;
  readonly snapshot?: Snapshot<unknown>;
  /** Start rejects with this, for good. */
  readonly refusal?: RegExp;
  /** What a problem, a log entry or the rejection of the start says, once it follows. */
  readonly says?: RegExp;
  /** The ids of the dispatches once it follows. */
  readonly ids?: readonly number[];
}

export const records = [
  dispatchRecord({ id: 1, startTimeMs: at('08:50'), durationMs: null }),
  dispatchRecord({ id: 2, startTimeMs: at('09:00:01') }),
  dispatchRecord({ id: 3, startTimeMs: at('08:55'), durationMs: null }),
];

type Spoil = (stored: { state: string; context: { dispatch: { recurrence: unknown; microgridId: number } } }) => void;

const unevaluable: Spoil = ({ context }) => {
  context.dispatch.recurrence = { frequency: 'DAILY', interval: 0 };
};
const unknownState: Spoil = stored => {
  stored.state = 'paused';
};
const ofOther: Spoil = ({ context }) => {
  context.dispatch.microgridId = 2;
};

function storedIn(snapshot: string): StoredDispatch[] {
  return JSON.parse(snapshot).children.pool.snapshot.context.dispatches;
}

function spoilt(snapshot: string, spoil: Spoil): StoredDispatch[] {
  const stored = storedIn(snapshot);
  spoil(stored[1] as never);
  return stored;
}

function spoiltSnapshot(snapshot: string, spoil: Spoil): Snapshot<unknown> {
  const parsed = JSON.parse(snapshot);
  spoil(parsed.children.pool.snapshot.context.dispatches[1]);
  return parsed;
}

/** Nothing, and snapshots that a dispatcher begins from. */
export const snapshotBeginnings: Record<string, (snapshots: Snapshots) => Beginning> = {
  nothing: () => ({}),
  'a snapshot': ({ live }) => ({ snapshot: JSON.parse(live) }),
  'a snapshot after the stop': ({ stopped }) => ({ snapshot: JSON.parse(stopped), refusal: /snapshot.*stopped/ }),
  'a snapshot of another microgrid': ({ other }) => ({ snapshot: JSON.parse(other), refusal: /snapshot.*microgrid 2/ }),
  'a malformed snapshot': () => ({ snapshot: { status: 'active', value: 'x' } as never, refusal: /snapshot/ }),
  'a malformed snapshot, with a store': () => ({
    snapshot: { status: 'active', value: 'nope', context: {}, children: {} } as never,
    store: faultyStore([]),
    refusal: /snapshot/,
  }),
  'a snapshot with a dispatch that cannot be evaluated': ({ live }) => ({
    snapshot: spoiltSnapshot(live, unevaluable),
    says: /dispatch 2.*interval/,
  }),
  'a snapshot with a dispatch in an unknown state': ({ live }) => ({
    snapshot: spoiltSnapshot(live, unknownState),
    says: /dispatch 2.*paused/,
  }),
};

/** Stores that a dispatcher begins from. */
export const storeBeginnings: Record<string, (snapshots: Snapshots) => Beginning> = {
  'a store': ({ live }) => ({ store: faultyStore(storedIn(live)) }),
  'an empty store': () => ({ store: faultyStore([]) }),
  'a locked store': ({ live }) => ({
    store: faultyStore(storedIn(live), {
      open: new DispatchError('UNAVAILABLE', 'the file is in use'),
      openFailures: 1,
    }),
    says: /the file is in use/,
  }),
  'a store that cannot be opened': () => ({
    store: faultyStore([], { open: new DispatchError('DATA_LOSS', 'the file is damaged') }),
    says: /the file is damaged/,
  }),
  'a store that cannot be opened, with an error of its own': () => ({
    store: faultyStore([], { open: new Error('no such thing') }),
    says: /no such thing/,
  }),
  'a store with dispatches of another microgrid': ({ live }) => ({
    store: faultyStore(spoilt(live, ofOther)),
    says: /dispatch 2.*microgridId/,
  }),
  'a store with a dispatch that cannot be evaluated': ({ live }) => ({
    store: faultyStore(spoilt(live, unevaluable)),
    says: /dispatch 2.*interval/,
  }),
  'a store with a dispatch in an unknown state': ({ live }) => ({
    store: faultyStore(spoilt(live, unknownState)),
    says: /dispatch 2.*paused/,
  }),
  'a store that cannot be read': () => ({
    store: faultyStore([], { load: new DispatchError('DATA_LOSS', 'a page is damaged') }),
    says: /a page is damaged/,
  }),
  'a store that cannot be written': () => ({
    store: faultyStore([], { save: new DispatchError('RESOURCE_EXHAUSTED', 'the disk is full') }),
    says: /the disk is full/,
  }),
  'a store that throws when it is written': () => ({
    store: faultyStore([], { save: new DispatchError('UNKNOWN', 'no save at all'), throwsAtOnce: true }),
    says: /no save at all/,
  }),
  'a store that cannot be closed': ({ live }) => ({
    store: faultyStore(storedIn(live), { close: new DispatchError('UNKNOWN', 'it does not close') }),
    says: /it does not close/,
  }),
};
