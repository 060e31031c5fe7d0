import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';

import { compiledModule } from '../support/compiled.js';
import { startService } from './benchService.js';
import { check, median, positiveInteger, round } from './figures.js';
import type { Report } from './report.js';

const NAME = 'list';
const FORMATS = { text: [], json: ['--json'] } as const;
const WATCH_MS = 20;

interface Task {
  readonly count: number;
  readonly rounds: number;
}

/** `dispatch list` of many dispatches, as a process of its own: when its rows come, and what memory it takes for that. */
export function listBenchmark(program: Command, report: Report): void {
  program
    .command(NAME)
    .description('rows and memory of `dispatch list`, also of a tenth of the dispatches')
    .option('--count <n>', 'dispatches', positiveInteger, 100_000)
    .option('--rounds <n>', 'how often each is listed', positiveInteger, 5)
    .action(async ({ count, rounds }: Task) => {
      for (const listed of [Math.ceil(count / 10), count]) {
        await using service = await startService(listed);
        for (const [format, options] of Object.entries(FORMATS)) {
          const runs = [];
          for (let i = 0; i < rounds; i++) runs.push(await listOnce(service.address, listed, options));
          report(NAME, {
            count: listed,
            format,
            firstRowMs: Math.round(median(runs.map(run => run.firstRowMs))),
            allMs: Math.round(median(runs.map(run => run.allMs))),
            peakMB: round(median(runs.map(run => run.peakMB))),
          });
        }
      }
    });
}

async function listOnce(address: string, count: number, options: readonly string[]) {
  const program = compiledModule('src/cli/main.ts');
  const startedMs = performance.now();
  const child = spawn(process.execPath, [program, 'list', '1', '--url', address, ...options], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const isText = options.length === 0;
  let [peakBytes, firstRowMs, lines] = [0, Number.NaN, 0];
  const watch = setInterval(() => {
    peakBytes = Math.max(peakBytes, residentPeak(child.pid));
  }, WATCH_MS);
  child.stdout.on('data', (chunk: Buffer) => {
    for (const byte of chunk) if (byte === 10) lines += 1;
    if (Number.isNaN(firstRowMs) && lines > Number(isText)) firstRowMs = performance.now() - startedMs;
  });
  const [code] = await once(child, 'close');
  clearInterval(watch);
  // The head and the count.
  check(code === 0 && lines === count + (isText ? 2 : 0), `exit code ${code}, ${lines} lines`);
  return { firstRowMs, allMs: performance.now() - startedMs, peakMB: peakBytes / 1e6 };
}

/** The most memory that a process has had; 0 where the system does not tell. */
function residentPeak(pid: number | undefined): number {
  try {
    const [, kB = '0'] = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Number(kB) * 1_024;
  } catch {
    return 0;
  }
}
