import { createRequire } from 'node:module';
import { Status } from 'nice-grpc-common';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { DispatchStore } from '../domain/dispatchStore.js';
import type { ChangeFeed } from '../feed/changeFeed.js';
import type { EndedCall } from './endedCall.js';
import { measuredFeed } from './measuredFeed.js';
import { measuredStore } from './measuredStore.js';

/** What a service is measured by, for Prometheus. */
export interface ServiceMetrics {
  /** Counts a call. */
  callEnded(call: EndedCall): void;
  /** A store of which failures and waiting writes are counted. */
  measureStore(store: DispatchStore): DispatchStore;
  /** A feed of which streams and lateness are measured. */
  measureFeed(feed: ChangeFeed): ChangeFeed;
  /** Says whether the service can serve. */
  setServing(serving: boolean): void;
  /** All figures, in the text format of Prometheus. */
  text(): Promise<string>;
  readonly contentType: string;
}

/** Bounds of the histograms, in seconds: a call takes some milliseconds, with a database that hangs up to fifteen seconds. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15];

/** The metrics of one service, in a registry of their own. Names begin with `dispatch_`, those of the process do not. */
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
  const durations = new Histogram({
    name: 'dispatch_call_duration_seconds',
    help: 'How long calls took, but for streams.',
    labelNames: ['method'],
    buckets: SECONDS,
    registers,
  });
  const serving = new Gauge({
    name: 'dispatch_serving',
    help: '1 while the service tells load balancers that it can serve, else 0.',
    registers,
  });
  serving.set(1);
  new Gauge({
    name: 'dispatch_build_info',
    help: 'Always 1; the labels tell the versions.',
    labelNames: ['version', 'node'],
    registers,
  }).set({ version: packageVersion(), node: process.versions.node }, 1);

  return {
    callEnded({ method, status, key = '', durationMs, streaming }) {
      calls.inc({ method, status: Status[status], key });
      if (!streaming) durations.observe({ method }, durationMs / 1000);
    },
    measureStore: store => measuredStore(store, registers, SECONDS),
    measureFeed: feed => measuredFeed(feed, registers, SECONDS),
    setServing: now => serving.set(now ? 1 : 0),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}

function packageVersion(): string {
  const { version } = createRequire(import.meta.url)('xstate-dispatch/package.json') as { version: string };
  return version;
}
