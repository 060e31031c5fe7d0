import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

import { DispatchError } from '../../model/dispatchError.js';
import type { DispatchStore } from '../domain/dispatchStore.js';

/** How old the count of dispatches may be: counting reads all of an index. */
const COUNT_EVERY_MS = 60_000;

/** A store of which failures, waiting writes and the number of dispatches are measured. */
export function measuredStore(store: DispatchStore, registers: Registry[], buckets: number[]): DispatchStore {
  const failures = new Counter({
    name: 'dispatch_database_failures_total',
    help: 'Uses of the database that failed, by what was wanted of it.',
    labelNames: ['operation'],
    registers,
  });
  const waiting = new Gauge({
    name: 'dispatch_writes_waiting',
    help: 'Changes that are not committed yet.',
    registers,
  });
  const commits = new Histogram({
    name: 'dispatch_write_duration_seconds',
    help: 'How long changes took to be committed, from when they were asked for.',
    buckets,
    registers,
  });
  countDispatches(store, registers, failures);

  async function counted<T>(operation: string, use: () => Promise<T>): Promise<T> {
    try {
      return await use();
    } catch (error) {
      if (isFailure(error)) failures.inc({ operation });
      throw error;
    }
  }

  return {
    name: store.name,
    async apply(...write) {
      waiting.inc();
      const committed = commits.startTimer();
      try {
        return await counted('write', () => store.apply(...write));
      } finally {
        waiting.dec();
        committed();
      }
    },
    get: (...query) => counted('get', () => store.get(...query)),
    list: (...query) => counted('list', () => store.list(...query)),
    head: microgridId => counted('changes', () => store.head(microgridId)),
    changes: (...query) => counted('changes', () => store.changes(...query)),
    count: () => counted('count', () => store.count()),
    onWake: listener => store.onWake(listener),
    prune: (...what) => counted('prune', () => store.prune(...what)),
    deleteExpired: (...what) => counted('prune', () => store.deleteExpired(...what)),
    close: () => store.close(),
  };
}

/** Counts when the figures are asked for. While the database is away the last count stays. */
function countDispatches(store: DispatchStore, registers: Registry[], failures: Counter<'operation'>): void {
  let countedAtMs = Number.NEGATIVE_INFINITY;
  new Gauge({
    name: 'dispatch_dispatches',
    help: 'Dispatches in the database, those of other processes included; counted once a minute.',
    registers,
    async collect() {
      if (performance.now() - countedAtMs < COUNT_EVERY_MS) return;
      countedAtMs = performance.now();
      try {
        this.set(await store.count());
      } catch {
        failures.inc({ operation: 'count' });
      }
    },
  });
}

/** Whether it is not the caller who is to blame. */
function isFailure(error: unknown): boolean {
  return !(error instanceof DispatchError) || (error.code === 'UNAVAILABLE' && error.cause !== undefined);
}
