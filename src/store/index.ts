export type {
  DispatcherStore,
  StoreChange,
  StoredDispatch,
  StoredPage,
  StoreSave,
} from '../../machines/dispatcherStore.js';
export { sqliteStore } from './sqliteStore.js';
