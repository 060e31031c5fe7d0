import type { Snapshot } from 'xstate';
import type { Inspect } from '../../machines/inspect/inspectedActors.js';
import type { Clock } from '../../machines/protocol/clock.js';
import type { DispatcherStore } from '../../machines/protocol/dispatcherStore.js';
import type { Transport } from '../../machines/protocol/transport.js';
import type { DispatchClientOptions } from '../client/dispatchClient.js';
import type { Dispatch, DispatchEvent } from '../dispatch.js';
import type { Logger } from '../logger.js';
import type { DispatchError } from '../model/dispatchError.js';
import type { MissedRuns } from './conversions.js';
import type { DispatcherStatus } from './dispatcherStatus.js';

/** Options of a `Dispatcher`: how it reaches its service, and what else it needs. */
export type DispatcherOptions = (DispatchClientOptions | OwnTransport) & {
  readonly microgridId: number;
  /** @default the clock of this computer */
  readonly clock?: Clock | undefined;
  /**
   * What it needs to restart without a network, such as `sqliteStore(path)` of `xstate-dispatch/store`. It is written at most
   * once a second, and when the dispatcher stops. @default nothing is kept
   */
  readonly store?: DispatcherStore | undefined;
  /** Where it carries on: `getPersistedSnapshot()` of an earlier one's `actor`, also after a way through JSON. */
  readonly snapshot?: Snapshot<unknown> | undefined;
  /** Hears of problems that nobody listens for, and of slow receivers. @default the console */
  readonly logger?: Logger | undefined;
  /**
   * Whether what the first burst of notifications goes through is compiled while nothing is due, so that the first burst is as
   * fast as later ones; once in each process. Takes about half a second of processor time.
   *
   * @default true with the clock of this computer; with another one it never is
   */
  readonly warmUp?: boolean | undefined;
  /**
   * Watches the actors, such as `createBrowserInspector().inspect` of the Stately inspector; wrap it in `filteredInspect` when
   * there are many.
   */
  readonly inspect?: Inspect | undefined;
};

/** A way to the service of one's own, in place of a client. */
export interface OwnTransport {
  readonly transport: Transport;
  readonly address?: never;
  readonly channel?: never;
}

/** What the listeners of a `Dispatcher` get, by the name of the event. */
export interface DispatcherEvents {
  /** A dispatch was created, updated or deleted. */
  readonly lifecycle: DispatchEvent;
  /** A run started, was reconfigured or stopped: a dispatch with its `change`. */
  readonly running: Dispatch;
  /** Runs passed unnoticed. */
  readonly missed: MissedRuns;
  /** So many dispatches of its snapshot or store are there again; the receivers get those that run. */
  readonly restored: number;
  /** The connection to the service changed; in the end once `stopped`. */
  readonly sync: DispatcherStatus;
  /** Something went wrong that the dispatcher survives. */
  readonly problem: DispatchError;
}
