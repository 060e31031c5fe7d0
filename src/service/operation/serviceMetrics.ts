import { createRequire } from 'node:module';
import { Status } from 'nice-grpc-common';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

import { DispatchError } from '../../model/dispatchError.js';
import type { KeyRing } from '../access/keyRing.js';
import type { DispatchStore } from '../domain/dispatchStore.js';
import type { ServiceObserver } from '../domain/serviceObserver.js';
import type { FeedFigures } from '../feed/changeFeed.js';
import type { EndedCall } from './endedCall.js';

/** What the gauges read when they are scraped. */
export interface MeasuredParts {
  readonly store: Pick<DispatchStore, 'count'>;
  readonly feed: { figures(): FeedFigures };
  /** null accepts every caller. */
  readonly keys: Pick<KeyRing, 'isNamed'> | null;
  readonly servers: readonly {
    /** How often connections took no calls for a while, or were ended. */
    curbedConnections(): number;
    /** Number of requests so far that are no call of any of its methods. */
    unknownCalls(): number;
  }[];
}

/** The metrics of one service, for Prometheus. Its store and its feed report to them as to any observer. */
export interface ServiceMetrics extends ServiceObserver {
  /** Counts a call. */
  callEnded(call: EndedCall): void;
  /** Forgets the calls of a key that was removed, by its name. */
  forgetKey(name: string): void;
  /** Sets whether the service can serve. */
  setServing(serving: boolean): void;
  /** Adds the gauges of a store and a feed. At most once. */
  measure(parts: MeasuredParts): void;
  /** All metrics, in the text format of Prometheus. */
  text(): Promise<string>;
  readonly contentType: string;
}

/** Bounds of the histograms, in seconds: a call takes milliseconds, and up to fifteen seconds while a database hangs. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15];
/** Maximum age of the number of dispatches: counting reads a whole index. */
const COUNT_INTERVAL_MS = 60_000;
/** Maximum number of keys with a label of their own: each has some twenty time series. */
const MAX_KEYS = 100;
/** The label of all other keys. No key can have this name. */
const OTHER_KEYS = '(others)';

/** Creates the metrics in a registry of their own. Names begin with `dispatch_`, except those of the process. */
export function serviceMetrics(): ServiceMetrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });

  const calls = new Counter({
    name: 'dispatch_calls_total',
    help: 'Calls that ended, by method, status and the name of the key.',
    labelNames: ['method', 'status', 'key'],
    registers,
  });
  /** What was counted of each key that has a label. */
  const labelled = new Map<string, Map<string, { method: string; status: string; key: string }>>();
  const durations = new Histogram({
    name: 'dispatch_call_duration_seconds',
    help: 'Duration of calls, streams excluded.',
    labelNames: ['method'],
    buckets: SECONDS,
    registers,
  });
  const serving = new Gauge({
    name: 'dispatch_serving',
    help: '1 while the health of the service is SERVING, otherwise 0.',
    registers,
  });
  serving.set(1);
  new Gauge({
    name: 'dispatch_build_info',
    help: 'Always 1; the labels hold the versions.',
    labelNames: ['version', 'node'],
    registers,
  }).set({ version: packageVersion(), node: process.versions.node }, 1);

  const failures = new Counter({
    name: 'dispatch_database_failures_total',
    help: 'Operations of the database that failed, by operation.',
    labelNames: ['operation'],
    registers,
  });
  const waitingWrites = new Gauge({
    name: 'dispatch_writes_waiting',
    help: 'Writes that are not committed yet.',
    registers,
  });
  const writeDurations = new Histogram({
    name: 'dispatch_write_duration_seconds',
    help: 'Time from the request of a write until it was committed or refused.',
    buckets: SECONDS,
    registers,
  });
  const lag = new Histogram({
    name: 'dispatch_feed_lag_seconds',
    help: 'Time from a change until it was given to a stream to send; the count is the number of events sent.',
    buckets: SECONDS,
    registers,
  });
  const dropped = new Counter({
    name: 'dispatch_streams_dropped_total',
    help: 'Streams that were ended because their peers did not read.',
    registers,
  });

  let keys: MeasuredParts['keys'] = null;

  function labelOf(name: string): string {
    // The streams of a key that was removed end after that.
    if (name !== '' && keys?.isNamed(name) === false) return OTHER_KEYS;
    return name === '' || labelled.has(name) || labelled.size < MAX_KEYS ? name : OTHER_KEYS;
  }

  return {
    callEnded({ method, status, key: name = '', durationMs, streaming }) {
      const key = labelOf(name);
      const labels = { method, status: Status[status], key };
      if (key !== OTHER_KEYS) labelled.set(key, (labelled.get(key) ?? new Map()).set(`${method} ${status}`, labels));
      calls.inc(labels);
      if (!streaming) durations.observe({ method }, durationMs / 1000);
    },
    forgetKey(name) {
      for (const labels of labelled.get(name)?.values() ?? []) calls.remove(labels);
      labelled.delete(name);
    },
    setServing: now => serving.set(now ? 1 : 0),
    operationStarted(operation) {
      const isWrite = operation === 'write';
      if (isWrite) waitingWrites.inc();
      const committed = isWrite ? writeDurations.startTimer() : null;
      return error => {
        if (isWrite) waitingWrites.dec();
        committed?.();
        if (error !== undefined && isFailure(error)) failures.inc({ operation });
      };
    },
    // The clocks of the database and of this process may differ.
    changeDelivered: atUs => lag.observe(Math.max(0, Date.now() - atUs / 1000) / 1000),
    streamDropped: () => dropped.inc(),
    measure({ store, feed, servers, ...parts }) {
      const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);
      keys = parts.keys;
      addFeedGauges(feed, registers);
      addDispatchCount(store, registers);
      addCounter(registers, 'dispatch_unknown_calls_total', {
        help: 'Requests that are no call of any method of the service.',
        count: () => sum(servers.map(server => server.unknownCalls())),
      });
      addCounter(registers, 'dispatch_connections_curbed_total', {
        help: 'How often connections took no calls for a while, or were ended, because their peers made or reset too many.',
        count: () => sum(servers.map(server => server.curbedConnections())),
      });
    },
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}

function addFeedGauges(feed: MeasuredParts['feed'], registers: Registry[]): void {
  const add = (name: string, help: string, value: (figures: FeedFigures) => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(value(feed.figures()));
      },
    });
  add('dispatch_streams', 'Open streams.', ({ streams }) => streams);
  add('dispatch_feed_waiting', 'Changes that wait to be sent, over all streams.', ({ waiting }) => waiting);
  add(
    'dispatch_feed_unread_seconds',
    'Time since the change log has been unreadable; 0 while it can be read.',
    ({ unreadMs }) => unreadMs / 1000,
  );
}

/** Adds a counter of what is counted elsewhere. */
function addCounter(
  registers: Registry[],
  name: string,
  { help, count }: { readonly help: string; count(): number },
): void {
  let counted = 0;
  new Counter({
    name,
    help,
    registers,
    collect() {
      const now = count();
      this.inc(now - counted);
      counted = now;
    },
  });
}

/** Counts when the metrics are read. While the database cannot be reached the last count stays. */
function addDispatchCount(store: MeasuredParts['store'], registers: Registry[]): void {
  let countedAtMs = Number.NEGATIVE_INFINITY;
  new Gauge({
    name: 'dispatch_dispatches',
    help: 'Dispatches in the database, those of other processes included; counted once a minute.',
    registers,
    async collect() {
      if (performance.now() - countedAtMs < COUNT_INTERVAL_MS) return;
      countedAtMs = performance.now();
      // The store has told its observer that it failed.
      const count = await store.count().catch(() => null);
      if (count !== null) this.set(count);
    },
  });
}

/** Whether the operation failed through no fault of its caller. */
function isFailure(error: unknown): boolean {
  return !(error instanceof DispatchError) || (error.code === 'UNAVAILABLE' && error.cause !== undefined);
}

function packageVersion(): string {
  const { version } = createRequire(import.meta.url)('xstate-dispatch/package.json') as { version: string };
  return version;
}
