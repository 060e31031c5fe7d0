export type { Clock } from './clock.js';
export type { DispatchContext, DispatchInput, DispatchMachineEvent } from './dispatchContext.js';
export type {
  DispatcherOutput,
  LifecycleEvent,
  ProblemEvent,
  RestoredEvent,
  SyncStatus,
  SyncStatusEvent,
} from './dispatcherEvent.js';
export type { DispatcherContext, DispatcherInput, DispatcherMachineEvent } from './dispatcherMachine.js';
export { dispatcherMachine } from './dispatcherMachine.js';
export type { DispatcherStore, StoreChange, StoredDispatch, StoredPage, StoreSave } from './dispatcherStore.js';
export { dispatchMachine } from './dispatchMachine.js';
export type { NextChange } from './dispatchPlan.js';
export type { DispatchPoolLogic, DispatchPoolSnapshot } from './dispatchPool.js';
export { dispatchPool } from './dispatchPool.js';
export type { DispatchRegistry, DispatchState, RegisteredDispatch } from './dispatchRegistry.js';
export { filteredInspect } from './filteredInspect.js';
export type { Inspect } from './inspectedActors.js';
export type { FilteredInspectOptions } from './inspectFilter.js';
export { inspectRunning } from './inspectRunning.js';
export type { RunMissed, RunNotification, RunReconfigured, RunStarted, RunStopped } from './notification.js';
export { maxMissedCount } from './notification.js';
export { sourceLogic } from './source.js';
export type { StoreOptions } from './store.js';
export { storeLogic } from './store.js';
export { timerLogic } from './timer.js';
export type { DispatchChange, DispatchPage, DispatchWatch, OpenTransport, Transport } from './transport.js';
