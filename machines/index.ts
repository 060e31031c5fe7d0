/** @module xstate-dispatch/machines */

export { sourceLogic } from './actors/sourceLogic.js';
export type { StoreOptions } from './actors/storeLogic.js';
export { storeLogic } from './actors/storeLogic.js';
export { timerLogic } from './actors/timerLogic.js';
export type { DispatchMachine, DispatchState } from './dispatch/dispatchMachine.js';
export { dispatchMachine } from './dispatch/dispatchMachine.js';
export type { DispatchContext, DispatchInput, DispatchMachineEvent, NextChange } from './dispatch/dispatchPlan.js';
export { maxMissedCount } from './dispatch/dispatchPlan.js';
export type { NotificationData } from './dispatch/notificationData.js';
export type {
  RunMissed,
  RunNotification,
  RunningNotification,
  RunReconfigured,
  RunResumed,
  RunStarted,
  RunStopped,
} from './dispatch/runNotification.js';
export { checkSnapshot } from './dispatcher/checkSnapshot.js';
export type { DispatcherContext, DispatcherInput, DispatcherStop } from './dispatcher/dispatcherContext.js';
export type { DispatcherMachine } from './dispatcher/dispatcherMachine.js';
export { publicDispatcherMachine as dispatcherMachine } from './dispatcher/dispatcherMachine.js';
export type { FilteredInspectOptions } from './inspect/filteredInspect.js';
export { filteredInspect } from './inspect/filteredInspect.js';
export type { Inspect } from './inspect/inspectedActors.js';
export { inspectRunning } from './inspect/inspectRunning.js';
export type { DispatchInfo, ManagedActorEvent } from './manage/dispatchInfo.js';
export type {
  LogicOfDispatch,
  ManagedActorsLogic,
  ManagedActorsOptions,
  ManagedActorsSnapshot,
} from './manage/managedActors.js';
export { managedActors } from './manage/managedActors.js';
export type { ManagedActors } from './manage/managerState.js';
export type { ManagingClock, ManagingOptions } from './manage/managingOptions.js';
export type { MergeStrategy } from './manage/mergeStrategy.js';
export { mergeByType, mergeByTypeAndSelector, mergeForComponent } from './manage/mergeStrategy.js';
export type { TypeFilter } from './manage/typeFilter.js';
export type { DispatchPoolLogic, DispatchPoolSnapshot } from './pool/dispatchPool.js';
export { dispatchPool } from './pool/dispatchPool.js';
export type { DispatchRegistry, RegisteredDispatch } from './pool/dispatchRegistry.js';
export type { SimulationOptions } from './pool/simulateRuns.js';
export { simulateRuns } from './pool/simulateRuns.js';
export type { Clock } from './protocol/clock.js';
export type {
  DispatcherOutput,
  LifecycleEvent,
  ProblemEvent,
  RestoredEvent,
  SyncState,
  SyncStatus,
  SyncStatusEvent,
} from './protocol/dispatcherOutput.js';
export type {
  DispatcherStore,
  NotedNotification,
  OpenedStore,
  StoreChange,
  StoredDispatch,
  StoredPage,
  StoreSave,
  SyncPosition,
} from './protocol/dispatcherStore.js';
export type {
  DispatchChange,
  DispatchPage,
  DispatchWatch,
  OpenTransport,
  StreamStart,
  Transport,
} from './protocol/transport.js';
export type { QueuedWebhook, WebhookQueueChange, WebhookQueueOf, WebhookStore } from './protocol/webhookStore.js';
