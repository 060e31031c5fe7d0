import type { SyncState, SyncStatus } from '../../machines/protocol/dispatcherOutput.js';

/**
 * State of a `Dispatcher`: `new` until its `start()` is called, `starting` while its store is opened and read, then the states of
 * `dispatcherMachine`, `stopping` while its store is written and closed, and `stopped`.
 */
export type DispatcherState = 'new' | 'starting' | SyncState | 'stopping';

/** Status of a `Dispatcher`: its state, and its connection to the service. */
export interface DispatcherStatus extends SyncStatus<DispatcherState> {}
