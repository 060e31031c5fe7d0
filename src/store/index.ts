export type {
  DispatcherStore,
  OpenedStore,
  StoreChange,
  StoredDispatch,
  StoredPage,
  StoreSave,
  SyncPosition,
} from '../../machines/protocol/dispatcherStore.js';
export { sqliteStore } from './sqliteStore.js';
