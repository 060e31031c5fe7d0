import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import type { DispatchClient } from '../../client/dispatchClient.js';
import { groupOf } from '../../planning/groups/group.js';
import type { ServiceAccess } from '../access/serviceAccess.js';
import { openClient } from '../withMicrogrid.js';
import type { CompletionSources } from './completeLine.js';

/** How long what the service said is taken for current. */
const FRESH_MS = 5_000;
/** A person who waits for a completion types on. */
const PATIENCE_MS = 2_000;
/** So many dispatches, the newest, are looked at. */
const MAX_DISPATCHES = 1_000;

interface Known {
  readonly atMs: number;
  readonly ids: readonly string[];
  readonly types: readonly string[];
}

/** Completes from a service and the file system. What cannot be read offers nothing: a completion has no place for errors. */
export function completionSources(access: ServiceAccess): CompletionSources & Disposable {
  let client: DispatchClient | undefined;
  const known = new Map<number, Known>();

  async function dispatchesOf(microgridId: number): Promise<Known> {
    const found = known.get(microgridId);
    if (found !== undefined && performance.now() - found.atMs < FRESH_MS) return found;
    const ids = new Set<string>();
    let count = 0;
    const types = new Set<string>();
    try {
      client ??= await openClient(access);
      const signal = AbortSignal.timeout(PATIENCE_MS);
      for await (const { id, type, payload } of client.list({ microgridId, pageSize: MAX_DISPATCHES, signal })) {
        ids.add(`${id}`);
        const part = groupOf(payload);
        if (part !== null) ids.add(part.group.id);
        types.add(type);
        count += 1;
        if (count === MAX_DISPATCHES) break;
      }
    } catch {
      // The command itself will say what is wrong.
    }
    const now = { atMs: performance.now(), ids: [...ids], types: [...types].sort() };
    known.set(microgridId, now);
    return now;
  }

  return {
    ids: async microgridId => (await dispatchesOf(microgridId)).ids,
    types: async microgridId => (await dispatchesOf(microgridId)).types,
    files,
    [Symbol.dispose]: () => client?.close(),
  };
}

async function files(beginning: string): Promise<string[]> {
  const folder = beginning.endsWith('/') ? beginning : dirname(beginning);
  const isBare = !beginning.includes('/');
  const entries = await readdir(isBare ? '.' : folder, { withFileTypes: true }).catch(() => []);
  return entries.map(entry => (isBare ? entry.name : join(folder, entry.name)) + (entry.isDirectory() ? '/' : ''));
}
