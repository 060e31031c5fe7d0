import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it } from 'vitest';
import { sqliteStore } from '../../src/store/sqliteStore.js';
import { compiledModule } from '../support/compiled.js';

/** A second may be lost; the rest is for a machine that has much else to do. */
const maxLossMs = 2_000;

const program = compiledModule('test/support/busyDispatcher.ts');

it.concurrent.each([1_800, 2_600, 3_100, 3_700, 4_400])(
  'killed with -9 after %i ms, a dispatcher loses what came last and nothing before it',
  async lifeMs => {
    const folder = await mkdtemp(join(tmpdir(), 'killed-'));
    const path = join(folder, 'dispatches.db');
    const child = spawn(process.execPath, [program, path], { stdio: ['ignore', 'pipe', 'inherit'] });
    const announced: { id: number; atMs: number }[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      const [id = 0, atMs = 0] = line.split(' ').map(Number);
      announced.push({ id, atMs });
      if (atMs - (announced[0]?.atMs ?? atMs) >= lifeMs) break;
    }
    child.kill('SIGKILL');
    await once(child, 'exit');

    const store = sqliteStore(path);
    expect(await store.open({ microgridId: 1 })).toMatchObject({ synced: true });
    const kept: number[] = [];
    for await (const { dispatches, problems } of store.load({ microgridId: 1 })) {
      expect(problems).toEqual([]);
      for (const { context, state } of dispatches) {
        kept.push(context.dispatch.id);
        expect(state).toBe('running');
      }
    }
    await store.close({ microgridId: 1 });
    await rm(folder, { recursive: true });

    const lastMs = announced.at(-1)?.atMs ?? 0;
    const old = announced.filter(({ atMs }) => atMs < lastMs - maxLossMs).map(({ id }) => id);
    expect(kept).toEqual(Array.from({ length: kept.length }, (_, i) => i + 1));
    expect(kept.length).toBeGreaterThanOrEqual(old.length);
  },
);
