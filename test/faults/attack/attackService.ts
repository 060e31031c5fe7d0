import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { percentile, round } from '../../bench/figures.js';
import { compiledModule } from '../../support/compiled.js';
import { keysFile } from '../../support/keysFile.js';
import { created, type RawClient, rawClient } from '../../support/rawService.js';
import { clientsOf } from '../../support/servedStore.js';
import { signedMetadata } from '../../support/signedMetadata.js';
import type { StorePlace } from '../../support/stores.js';
import { inspectedService } from '../malformed/inspectedService.js';
import { TENANT } from './attacks.js';

/** How to attack. */
export interface AttackPlan {
  /** A name of an attack. */
  readonly attack: string;
  readonly seconds: number;
  readonly seed: number;
}

/** What came of an attack. */
export interface AttackReport {
  /** How long a client without malice waited before the attack, and during it, in milliseconds. */
  readonly quietP99Ms: number;
  readonly p99Ms: number;
  readonly calls: number;
  /** How long the slowest health check took, each on a connection of its own. */
  readonly slowestHealthMs: number;
  readonly healthChecks: number;
  /** The share of a processor that the attacker used. */
  readonly attackerCpuShare: number;
  /** What came of the calls and connections of the attacker. */
  readonly outcomes: Readonly<Record<string, number>>;
}

const FRIEND = { name: 'friend', key: 'key-of-the-friend', secret: 'secret-of-the-friend', microgrids: [2] };
const QUIET_MS = 2_000;
const CALL_INTERVAL_MS = 20;
const HEALTH_INTERVAL_MS = 200;
const PATIENCE_MS = 10_000;

/**
 * Attacks a service, `dispatch serve` in a process of its own, from another process, while a client without malice calls it fifty times a second
 * and its health is checked five times a second, each time on a new connection. All of these must be answered.
 *
 * @throws Error with what is wrong.
 */
export async function attackService(place: StorePlace, plan: AttackPlan): Promise<AttackReport> {
  using keys = keysFile([TENANT, FRIEND]);
  const limits = ['--keys', keys.path, '--limit', 'callsPerSecond=100'];
  await using service = await inspectedService(place.database, limits);
  const { client, channel } = rawClient(service);
  try {
    const call = await friendlyCall(client);
    // What runs for the first time is slow.
    await repeated(50, call, QUIET_MS);
    const quiet = await repeated(CALL_INTERVAL_MS, call, QUIET_MS);
    await using attacker = await startAttacker(service.port, plan);
    const attackMs = plan.seconds * 1_000;
    const [waits, health] = await Promise.all([
      repeated(CALL_INTERVAL_MS, call, attackMs),
      repeated(HEALTH_INTERVAL_MS, () => checkHealth(service.port), attackMs),
    ]);
    const { cpuShare, outcomes } = await attacker.stop();
    await call();
    await attacker.end();
    const failures = (await service.stop()).filter(line => /"level":"(error|fatal)"/.test(line));
    if (failures.length > 0) throw new Error(`the service reported failures of its own: ${failures.join('\n')}`);
    return {
      quietP99Ms: round(percentile(quiet, 0.99)),
      p99Ms: round(percentile(waits, 0.99)),
      calls: waits.length,
      slowestHealthMs: round(Math.max(...health)),
      healthChecks: health.length,
      attackerCpuShare: round(cpuShare),
      outcomes,
    };
  } finally {
    channel.close();
  }
}

/** A call of a client without malice, which must succeed. */
async function friendlyCall(client: RawClient): Promise<() => Promise<unknown>> {
  const options = (method: string) => ({
    metadata: signedMetadata({ ...FRIEND, method }),
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  const { id } = await created(client, {}, 2n, options('CreateMicrogridDispatch'));
  return () => client.getMicrogridDispatch({ microgridId: 2n, dispatchId: id }, options('GetMicrogridDispatch'));
}

async function checkHealth(port: number): Promise<void> {
  const { health, channel } = clientsOf(port);
  try {
    await health.check({}, { signal: AbortSignal.timeout(PATIENCE_MS) });
  } finally {
    channel.close();
  }
}

/**
 * Does something at an interval, however long it takes, for a while.
 *
 * @returns how long each took since it was due, in milliseconds.
 */
async function repeated(intervalMs: number, act: () => Promise<unknown>, forMs: number): Promise<number[]> {
  const startMs = performance.now();
  const waits: Promise<number>[] = [];
  for (let dueMs = startMs; dueMs < startMs + forMs; dueMs += intervalMs) {
    await pause(Math.max(0, dueMs - performance.now()));
    const begunMs = performance.now();
    const wait = act().then(() => performance.now() - begunMs);
    wait.catch(() => {});
    waits.push(wait);
  }
  return Promise.all(waits);
}

async function startAttacker(port: number, { attack, seed }: AttackPlan) {
  const child = fork(compiledModule('test/faults/attack/attackerProcess.ts'), [attack, String(port), String(seed)]);
  const ended = once(child, 'exit');
  const message = async () => {
    const [said] = await Promise.race([
      once(child, 'message'),
      ended.then(([code]) => Promise.reject(new Error(`the attacker ended with code ${code}`))),
    ]);
    return said;
  };
  const end = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  await message();
  return {
    async stop(): Promise<{ readonly cpuShare: number; readonly outcomes: Readonly<Record<string, number>> }> {
      const report = message();
      child.send('stop');
      return await report;
    },
    end,
    [Symbol.asyncDispose]: end,
  };
}
