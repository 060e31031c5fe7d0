import { IDBFactory, IDBKeyRange } from 'fake-indexeddb';
import { vi } from 'vitest';

type Hold = (lock: { readonly name: string } | null) => Promise<unknown> | undefined;

/** Gives Node.js an empty IndexedDB, and Web Locks, as a page has them; returns the undo. */
export function fakeBrowser(): () => void {
  const held = new Set<string>();
  const request = async (name: string, _: { readonly ifAvailable: true }, hold: Hold) => {
    if (held.has(name)) return hold(null);
    held.add(name);
    try {
      return await hold({ name });
    } finally {
      // Others hear of it a little later, as between the processes of a browser.
      await new Promise(resolve => setImmediate(resolve));
      held.delete(name);
    }
  };
  vi.stubGlobal('indexedDB', new IDBFactory());
  vi.stubGlobal('IDBKeyRange', IDBKeyRange);
  vi.stubGlobal('navigator', { locks: { request } });
  return () => vi.unstubAllGlobals();
}
