import type { DispatcherStore, OpenedStore } from '../../machines/protocol/dispatcherStore.js';

/** A store that keeps what one dispatcher saves as JSON, for the next one that a test starts; that gets it by id. */
export function storeInMemory(): DispatcherStore {
  let kept = new Map<number, string>();
  let opened: OpenedStore = { synced: false };
  return {
    open: async () => opened,
    async *load() {
      const byId = [...kept].sort(([a], [b]) => a - b);
      yield { dispatches: byId.map(([, text]) => JSON.parse(text)), problems: [] };
    },
    save: async save => {
      const next = new Map(save.replacesAll ? [] : kept);
      for await (const changes of save.changes) {
        for (const change of changes) {
          if (change.kind === 'kept') next.set(change.id, JSON.stringify(change.stored));
          if (change.kind === 'dropped') next.delete(change.id);
        }
      }
      kept = next;
      opened = { synced: save.synced, position: save.position };
    },
    close: async () => {},
  };
}
