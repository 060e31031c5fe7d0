import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import type { Command } from 'commander';
import { DispatchClient } from '../../src/client/dispatchClient.js';
import { Dispatcher } from '../../src/dispatcher/dispatcher.js';
import { silentLogger } from '../../src/logger.js';
import { tcpProxy } from '../support/tcpProxy.js';
import { startService } from './benchService.js';
import { check, median, percentile, positiveInteger, round } from './figures.js';
import { pythonProgram } from './pythonBench.js';
import type { Report } from './report.js';

const NAME = 'outage';
const TYPE = 'OUTAGE';
/** How long a service may be back until what happened meanwhile counts as lost. */
const LIMIT_MS = 10_000;

/** Notices dispatches by their ids. */
interface Observer extends AsyncDisposable {
  /** Whether it has noticed any. */
  readonly hasBegun: boolean;
  /** Resolves when it has noticed a dispatch, with the time of that on the monotonic clock; null: not in time. */
  noticed(id: number): Promise<number | null>;
}

/**
 * How soon what was created while a service was away is noticed after it is back, over and over; beside it, at the same time and over
 * the same connection, by the dispatcher of the Python packages where they are installed.
 */
export function outageBenchmark(program: Command, report: Report): void {
  program
    .command(NAME)
    .description('how soon what happened while the service was away is noticed after it is back')
    .option('--rounds <n>', 'outages', positiveInteger, 40)
    .option('--seconds <n>', 'length of an outage', positiveInteger, 3)
    .action(async ({ rounds, seconds }: { rounds: number; seconds: number }) => {
      // None of them runs: with some that do, the dispatcher of Python soon notices nothing any more.
      await using service = await startService(0);
      await using proxy = await tcpProxy(service.port);
      const address = `grpc://127.0.0.1:${proxy.port}?ssl=false`;
      await using client = new DispatchClient({ address: service.address });
      await using own = await ownObserver(address);
      await using python = pythonObserver(address);
      const create = async () => {
        const startTime = new Date(Date.now() + 3_600_000);
        return (await client.create({ microgridId: 1, type: TYPE, startTime, selector: { ids: [1] } })).id;
      };
      // The one of Python does not tell when it follows.
      for (let hasBegun = python === null; !hasBegun; hasBegun = python?.hasBegun ?? true) {
        await create();
        await setTimeout(500);
      }
      const [ownMs, pythonMs]: [number[], number[]] = [[], []];
      for (let i = 0; i < rounds; i++) {
        proxy.cut();
        await setTimeout(seconds * 500);
        const id = await create();
        await setTimeout(seconds * 500);
        proxy.restore();
        const backMs = performance.now();
        const [ownAt, pythonAt] = await Promise.all([own.noticed(id), python?.noticed(id) ?? null]);
        check(ownAt !== null, `dispatch ${id} was not noticed within ${LIMIT_MS} ms`);
        ownMs.push(ownAt - backMs);
        if (pythonAt !== null) pythonMs.push(pythonAt - backMs);
      }
      const hasPython = pythonMs.length > 0;
      report(NAME, {
        rounds,
        awayMs: seconds * 1_000,
        medianMs: Math.round(median(ownMs)),
        p99Ms: Math.round(percentile(ownMs, 0.99)),
        pythonMedianMs: hasPython ? Math.round(median(pythonMs)) : null,
        pythonP99Ms: hasPython ? Math.round(percentile(pythonMs, 0.99)) : null,
        pythonLost: python === null ? null : rounds - pythonMs.length,
        ratioToPython: hasPython ? round(median(ownMs) / median(pythonMs)) : null,
      });
    });
}

async function ownObserver(address: string): Promise<Observer> {
  const dispatcher = new Dispatcher({ microgridId: 1, address, logger: silentLogger });
  const notices = new Notices();
  dispatcher.on('lifecycle', ({ dispatch }) => notices.note(dispatch.id));
  await dispatcher.start();
  await dispatcher.ready();
  return observer(notices, () => dispatcher.stop());
}

/** Null where the Python packages are not installed. */
function pythonObserver(address: string): Observer | null {
  const program = pythonProgram('note_created', address);
  if (program === null) return null;
  const child: ChildProcess = spawn(program.interpreter, [...program.args, TYPE], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const notices = new Notices();
  if (child.stdout === null) throw new Error('the process of Python has no output');
  createInterface(child.stdout).on('line', line => notices.note(Number(line)));
  return observer(notices, async () => {
    child.kill('SIGKILL');
  });
}

function observer(notices: Notices, close: () => Promise<void>): Observer {
  return {
    get hasBegun() {
      return notices.hasAny;
    },
    noticed: id => notices.noticed(id),
    [Symbol.asyncDispose]: close,
  };
}

/** When each dispatch was noticed first. */
class Notices {
  readonly #atMs = new Map<number, number>();
  #wake = () => {};

  get hasAny(): boolean {
    return this.#atMs.size > 0;
  }

  note(id: number): void {
    if (!this.#atMs.has(id)) this.#atMs.set(id, performance.now());
    this.#wake();
  }

  async noticed(id: number): Promise<number | null> {
    const untilMs = performance.now() + LIMIT_MS;
    for (;;) {
      const atMs = this.#atMs.get(id);
      if (atMs !== undefined) return atMs;
      if (performance.now() >= untilMs) return null;
      const late = new AbortController();
      const woken = new Promise<void>(resolve => {
        this.#wake = resolve;
      });
      await Promise.race([woken, setTimeout(1_000, undefined, late).catch(() => {})]);
      late.abort();
    }
  }
}
