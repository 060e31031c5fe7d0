import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Command } from 'commander';
import type { Snapshot } from 'xstate';
import type { DispatcherStore } from '../../machines/protocol/dispatcherStore.js';
import type { Transport } from '../../machines/protocol/transport.js';
import { Dispatcher } from '../../src/dispatcher/dispatcher.js';
import type { DispatchRecord } from '../../src/model/dispatchRecord.js';
import { sqliteStore } from '../../src/store/sqliteStore.js';
import { memoryTransport } from '../../src/testing/memoryTransport.js';
import { watchEventLoop } from './eventLoop.js';
import { check, median, positiveInteger, round } from './figures.js';
import { inFreshProcess } from './freshProcess.js';
import { dispatchOf } from './load.js';
import type { Report } from './report.js';

const NAME = 'store';
const DAY_MS = 86_400_000;

interface Task {
  readonly path: string;
  readonly count: number;
}

/**
 * What it takes to keep the dispatches of a dispatcher in a file: all of them, one in a hundred that changed, and to
 * restore them in a new process; and how long each blocks the event loop.
 */
export function storeBenchmark(program: Command, report: Report): void {
  program
    .command(NAME)
    .description(
      'what it takes to save dispatches in a file and to restore them, and how long it blocks the event loop',
    )
    .option('--count <n>', 'dispatches', positiveInteger, 100_000)
    .option('--rounds <n>', 'rounds of which the best counts: the machine may be shared', positiveInteger, 3)
    .action(async ({ count, rounds }: { count: number; rounds: number }) => {
      const folder = await mkdtemp(join(tmpdir(), 'store-'));
      const [saves, restores]: [Awaited<ReturnType<typeof saveOnce>>[], Awaited<ReturnType<typeof restoreOnce>>[]] = [
        [],
        [],
      ];
      try {
        for (let i = 0; i < rounds; i++) {
          const task = { path: join(folder, `${i}.db`), count };
          saves.push(await inFreshProcess(import.meta.url, saveOnce, task));
          restores.push(await inFreshProcess(import.meta.url, restoreOnce, task));
        }
      } finally {
        await rm(folder, { recursive: true });
      }
      const save = (figure: keyof (typeof saves)[number]) => saves.map(one => one[figure]);
      const restore = (figure: keyof (typeof restores)[number]) => restores.map(one => one[figure]);
      report(NAME, {
        count,
        saveAllMs: Math.round(Math.min(...save('allMs'))),
        saveChangedMs: round(Math.min(...save('changedMs'))),
        restoreMs: Math.round(Math.min(...restore('restoreMs'))),
        saveAllBlockMs: round(Math.min(...save('allBlockMs'))),
        saveChangedBlockMs: round(Math.min(...save('changedBlockMs'))),
        restoreBlockMs: round(Math.min(...restore('blockMs'))),
        medianSaveAllMs: Math.round(median(save('allMs'))),
        medianSaveChangedMs: round(median(save('changedMs'))),
        medianRestoreMs: Math.round(median(restore('restoreMs'))),
      });
    });
}

/** @public Run by name in a process of its own. */
export async function saveOnce({ path, count }: Task) {
  const transport = memoryTransport(Array.from({ length: count }, (_, i) => tomorrow(i + 1)));
  // A dispatcher that comes from a snapshot has all of its dispatches to save at once.
  const snapshot = await snapshotOf(transport);
  const { store, nextSave } = timed(sqliteStore(path));
  await using dispatcher = new Dispatcher({ microgridId: 1, transport, snapshot, store });
  using eventLoop = watchEventLoop();
  // The service in memory lists in one block, which is none of the store's.
  const release = transport.hold('watch');
  let saved = nextSave();
  await dispatcher.start();
  eventLoop.longestBlockMs();
  const allMs = await saved;
  const allBlockMs = eventLoop.longestBlockMs();
  release();
  await dispatcher.ready();
  eventLoop.longestBlockMs();
  saved = nextSave();
  for (let id = 100; id <= count; id += 100) {
    transport.put({ ...tomorrow(id), payload: { kw: -id }, updateTime: '2026-03-02T00:00:00.000000000Z' });
  }
  const changedMs = await saved;
  return { allMs, allBlockMs, changedMs, changedBlockMs: eventLoop.longestBlockMs() };
}

/** @public Run by name in a process of its own. */
export async function restoreOnce({ path, count }: Task) {
  const transport = memoryTransport();
  transport.hold('watch');
  await using dispatcher = new Dispatcher({ microgridId: 1, transport, store: sqliteStore(path) });
  using eventLoop = watchEventLoop();
  await setTimeout(50);
  eventLoop.longestBlockMs();
  const startMs = performance.now();
  const restored = new Promise<number>(resolve => dispatcher.on('restored', resolve));
  await dispatcher.start();
  check((await restored) === count, `${dispatcher.dispatches.size} of ${count} dispatches were restored`);
  const restoreMs = performance.now() - startMs;
  const blockMs = eventLoop.longestBlockMs();
  check(dispatcher.dispatches.get(100)?.payload.kw === -100, 'what changed was not kept');
  return { restoreMs, blockMs };
}

async function snapshotOf(transport: Transport): Promise<Snapshot<unknown>> {
  await using dispatcher = new Dispatcher({ microgridId: 1, transport });
  await dispatcher.start();
  await dispatcher.ready();
  return dispatcher.actor.getPersistedSnapshot();
}

/** None of them runs while it is measured. */
function tomorrow(id: number): DispatchRecord {
  return { ...dispatchOf(id), startTimeMs: Math.ceil(Date.now() / DAY_MS + 1) * DAY_MS };
}

/** A store that tells how long its next save takes. */
function timed(store: DispatcherStore): { store: DispatcherStore; nextSave: () => Promise<number> } {
  const waiting: ((ms: number) => void)[] = [];
  return {
    nextSave: () => new Promise(resolve => waiting.push(resolve)),
    store: {
      open: of => store.open(of),
      load: of => store.load(of),
      close: of => store.close(of),
      save: async changes => {
        const startMs = performance.now();
        await store.save(changes);
        for (const resolve of waiting.splice(0)) resolve(performance.now() - startMs);
      },
    },
  };
}
