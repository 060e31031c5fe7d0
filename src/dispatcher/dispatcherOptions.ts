import type { Snapshot } from 'xstate';
import type { Inspect } from '../../machines/inspect/inspectedActors.js';
import type { Clock } from '../../machines/protocol/clock.js';
import type { DispatcherStore } from '../../machines/protocol/dispatcherStore.js';
import type { Transport } from '../../machines/protocol/transport.js';
import type { Dispatch, DispatchEvent } from '../dispatch.js';
import type { Logger } from '../logger.js';
import type { DispatchError } from '../model/dispatchError.js';
import type { MissedRuns } from './conversions.js';
import type { DispatcherStatus } from './dispatcherStatus.js';

/** Options of a `Dispatcher`, but for the connection to the service. */
export interface DispatcherSettings {
  readonly microgridId: number;
  /** Source of time. @default the clock of this computer */
  readonly clock?: Clock | undefined;
  /**
   * Keeps what is needed to restart without a network, such as `sqliteStore(path)` of `xstate-dispatch/store`. It is written at
   * most once a second, and when the dispatcher stops. @default nothing is kept
   */
  readonly store?: DispatcherStore | undefined;
  /** State to carry on from: `actor.getPersistedSnapshot()` of an earlier dispatcher, or its JSON parsed. @default none */
  readonly snapshot?: Snapshot<unknown> | undefined;
  /** Gets the problems that no listener hears of, and slow receivers. @default the console */
  readonly logger?: Logger | undefined;
  /**
   * Observer of the actors, such as `createBrowserInspector().inspect` of the Stately inspector; wrap it in `filteredInspect` when
   * there are many dispatches. @default none
   */
  readonly inspect?: Inspect | undefined;
}

/** Option of a dispatcher in Node.js. */
export interface WarmUpOption {
  /**
   * Whether to optimise the code of notifications in advance, once per process, so that the first burst is as fast as later ones. It
   * happens in slices of 4 ms while nothing is due for a second, and takes about one second of processor time.
   *
   * @default true with the system clock; always false with another one
   */
  readonly warmUp?: boolean | undefined;
}

/** A transport of the program's own, in place of a client. */
export interface OwnTransport {
  readonly transport: Transport;
  readonly address?: never | undefined;
  readonly channel?: never | undefined;
  readonly url?: never | undefined;
}

/** Payloads of the events of a `Dispatcher`, by the name of the event. */
export interface DispatcherEvents {
  /** A dispatch was created, updated or deleted. */
  readonly lifecycle: DispatchEvent;
  /** A run started, was reconfigured or stopped: a dispatch with its `change`. */
  readonly running: Dispatch;
  /** Whole runs passed unnoticed. */
  readonly missed: MissedRuns;
  /** The dispatches of the snapshot or store are there again; how many. Each of those that run follows as `running`. */
  readonly restored: number;
  /** The connection to the service changed state; at the end of the dispatcher once, `stopped`. */
  readonly sync: DispatcherStatus;
  /** Something failed that does not stop the dispatcher, or the failure that stopped it. */
  readonly problem: DispatchError;
}
