export type {
  DispatcherStore,
  StoreChange,
  StoredDispatch,
  StoredPage,
  StoreSave,
} from '../../machines/protocol/dispatcherStore.js';
export { sqliteStore } from './sqliteStore.js';
