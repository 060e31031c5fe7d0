/** @module xstate-dispatch/store */

export type { NotificationData } from '../../machines/dispatch/notificationData.js';
export type {
  DispatcherStore,
  NotedNotification,
  OpenedStore,
  StoreChange,
  StoredDispatch,
  StoredPage,
  StoreSave,
  SyncPosition,
} from '../../machines/protocol/dispatcherStore.js';
export type { HistoryLimits } from './historyLimits.js';
export type { ReportedComponent, ReportRow } from './historyReport.js';
export { reportHistory } from './historyReport.js';
export type { FollowHistoryOptions, HistoryEntry, HistoryFilter, HistoryOptions } from './readHistory.js';
export { followHistory, readHistory } from './readHistory.js';
export type { SqliteStoreOptions } from './sqliteStore.js';
export { sqliteStore } from './sqliteStore.js';
