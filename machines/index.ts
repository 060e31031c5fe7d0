export { sourceLogic } from './actors/source.js';
export type { StoreOptions } from './actors/store.js';
export { storeLogic } from './actors/store.js';
export { timerLogic } from './actors/timer.js';
export type { DispatchContext, DispatchInput, DispatchMachineEvent } from './dispatch/dispatchContext.js';
export type { DispatchState } from './dispatch/dispatchMachine.js';
export { dispatchMachine } from './dispatch/dispatchMachine.js';
export type { NextChange } from './dispatch/dispatchPlan.js';
export type { RunMissed, RunNotification, RunReconfigured, RunStarted, RunStopped } from './dispatch/notification.js';
export { maxMissedCount } from './dispatch/notification.js';
export type { DispatcherContext, DispatcherInput, DispatcherMachineEvent } from './dispatcher/dispatcherMachine.js';
export { dispatcherMachine } from './dispatcher/dispatcherMachine.js';
export { filteredInspect } from './inspect/filteredInspect.js';
export type { Inspect } from './inspect/inspectedActors.js';
export type { FilteredInspectOptions } from './inspect/inspectFilter.js';
export { inspectRunning } from './inspect/inspectRunning.js';
export type { DispatchPoolLogic, DispatchPoolSnapshot } from './pool/dispatchPool.js';
export { dispatchPool } from './pool/dispatchPool.js';
export type { DispatchRegistry, RegisteredDispatch } from './pool/dispatchRegistry.js';
export type { Clock } from './protocol/clock.js';
export type {
  DispatcherOutput,
  LifecycleEvent,
  ProblemEvent,
  RestoredEvent,
  SyncStatus,
  SyncStatusEvent,
} from './protocol/dispatcherEvent.js';
export type {
  DispatcherStore,
  StoreChange,
  StoredDispatch,
  StoredPage,
  StoreSave,
} from './protocol/dispatcherStore.js';
export type { DispatchChange, DispatchPage, DispatchWatch, OpenTransport, Transport } from './protocol/transport.js';
