import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it } from 'vitest';
import type { StoredDispatch } from '../../machines/protocol/dispatcherStore.js';
import { type HistoryEntry, readHistory } from '../../src/store/readHistory.js';
import { sqliteStore } from '../../src/store/sqliteStore.js';
import { compiledModule } from '../support/compiled.js';
import { temporaryFolder } from '../support/temporaryFolder.js';

const program = compiledModule('test/support/busyHistory.ts');

/** Numbers of notifications after which the process is killed: within a second it makes about a thousand. */
const counts = process.env.TEST_LONG ? Array.from({ length: 40 }, (_, i) => 500 + i * 97) : [700, 1_150, 1_900];

it.concurrent.each(counts)(
  'killed with -9 after %i notifications, a dispatcher has no entry without its change, and no change without its entry',
  async count => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'store.db');
    const child = spawn(process.execPath, [program, path], { stdio: ['ignore', 'pipe', 'inherit'] });
    let told = 0;
    for await (const _ of createInterface({ input: child.stdout })) if (++told === count) break;
    child.kill('SIGKILL');
    await once(child, 'exit');

    // The last entry of each dispatch, from the file as it was left.
    const last = new Map<number, HistoryEntry>();
    for await (const entry of readHistory(path, { oldestFirst: true })) last.set(entry.id, entry);
    const stored = new Map<number, StoredDispatch>();
    const store = sqliteStore(path);
    await store.open({ microgridId: 1 });
    for await (const { dispatches } of store.load({ microgridId: 1 })) {
      for (const one of dispatches) stored.set(one.context.dispatch.id, one);
    }
    await store.close({ microgridId: 1 });

    for (const [id, { state, context, notifiedMs }] of stored) {
      const entry = last.get(id);
      // On a slow machine a run may be over before the dispatcher hears of it.
      expect(entry === undefined).toBe(notifiedMs === null);
      if (entry === undefined) continue;
      expect(entry.notification).toMatch(state === 'running' ? /started|reconfigured/ : /stopped/);
      expect(entry.atMs + entry.lateMs).toBe(notifiedMs);
      if (state === 'running') expect(entry).toMatchObject({ run: context.run, payload: context.dispatch.payload });
    }
    for (const [id, { notification }] of last) if (!stored.has(id)) expect(notification).toBe('running.stopped');
    const running = [...stored.values()].filter(({ state }) => state === 'running').length;
    expect([running, stored.size - running, last.size - stored.size].every(part => part > 0)).toBe(true);
  },
);
