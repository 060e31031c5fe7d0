import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { build } from 'esbuild';
import type { Browser } from 'playwright-core';
import { Dispatcher } from '../../src/web/dispatcher.js';
import { startChromium } from '../support/describeWithChromium.js';
import { startService } from './benchService.js';
import { check, median, positiveInteger, round } from './figures.js';
import { inFreshProcess } from './freshProcess.js';
import type { Report } from './report.js';
import { syncOnce } from './sync.js';

const NAME = 'web';
const MICROGRID_ID = 1;

interface Task {
  readonly url: string;
  readonly count: number;
}

/**
 * How long a dispatcher in a page of Chromium needs from `start()` to `ready()`, beside one in Node.js over gRPC, which the ratio is about, and one in
 * Node.js over HTTP; and the memory of the page. Each is measured in a new page, or process.
 */
export function webBenchmark(program: Command, report: Report): void {
  program
    .command(NAME)
    .description('what the first sync takes in a page of Chromium, beside Node.js, and its memory')
    .option('--count <n>', 'dispatches', positiveInteger, 100_000)
    .option('--rounds <n>', 'rounds of which the median counts', positiveInteger, 3)
    .action(async ({ count, rounds }: { count: number; rounds: number }) => {
      await using page = await servePage();
      await using service = await startService(count, { origins: [page.origin] });
      const browser = await startChromium();
      try {
        const task = { url: service.webUrl, count };
        const inPage: Awaited<ReturnType<typeof syncInPage>>[] = [];
        const [overGrpc, overHttp]: [number[], number[]] = [[], []];
        for (let i = 0; i < rounds; i++) {
          inPage.push(await syncInPage(browser, page.origin, task));
          const grpc = { address: service.address, count, audience: 'nobody' } as const;
          overGrpc.push((await inFreshProcess(new URL('sync.js', import.meta.url).href, syncOnce, grpc)).syncMs);
          overHttp.push((await inFreshProcess(import.meta.url, syncOverHttp, task)).syncMs);
        }
        const pageMs = median(inPage.map(({ syncMs }) => syncMs));
        report(NAME, {
          count,
          pageMs: Math.round(pageMs),
          nodeMs: Math.round(median(overGrpc)),
          nodeOverHttpMs: Math.round(median(overHttp)),
          ratio: round(pageMs / median(overGrpc)),
          ratioOverHttp: round(pageMs / median(overHttp)),
          longestTaskMs: Math.round(median(inPage.map(({ longestTaskMs }) => longestTaskMs))),
          bytesPerDispatch: Math.round(median(inPage.map(({ heapBytes }) => heapBytes)) / count),
        });
      } finally {
        await browser.close();
      }
    });
}

/** @public Run by name in a process of its own. */
export async function syncOverHttp({ url, count }: Task) {
  await using dispatcher = new Dispatcher({ microgridId: MICROGRID_ID, url });
  const startMs = performance.now();
  await dispatcher.start();
  await dispatcher.ready();
  const syncMs = performance.now() - startMs;
  check(dispatcher.dispatches.size === count, `${dispatcher.dispatches.size} are there`);
  return { syncMs };
}

async function syncInPage(browser: Browser, origin: string, task: Task) {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    const session = await context.newCDPSession(page);
    const heapBytes = async () => {
      await session.send('HeapProfiler.collectGarbage');
      return (await session.send('Runtime.getHeapUsage')).usedSize;
    };
    await page.goto(origin);
    await page.waitForFunction('globalThis.sync');
    const before = await heapBytes();
    const synced = (await page.evaluate(`sync(${JSON.stringify(task)})`)) as {
      size: number;
      syncMs: number;
      longestTaskMs: number;
    };
    check(synced.size === task.count, `${synced.size} are there`);
    return { ...synced, heapBytes: (await heapBytes()) - before };
  } finally {
    await context.close();
  }
}

/** Serves a page whose `sync` follows a service, and goes on doing so. */
async function servePage() {
  const entry = fileURLToPath(new URL('../../src/web/index.js', import.meta.url));
  const { outputFiles } = await build({
    stdin: {
      contents: `
        import { Dispatcher } from ${JSON.stringify(entry)};
        globalThis.sync = async ({ url }) => {
          let longestTaskMs = 0;
          new PerformanceObserver(tasks => {
            for (const { duration } of tasks.getEntries()) longestTaskMs = Math.max(longestTaskMs, duration);
          }).observe({ type: 'longtask' });
          globalThis.dispatcher = new Dispatcher({ microgridId: ${MICROGRID_ID}, url });
          const startMs = performance.now();
          await dispatcher.start();
          await dispatcher.ready();
          const syncMs = performance.now() - startMs;
          return { syncMs, longestTaskMs, size: dispatcher.dispatches.size };
        };`,
      resolveDir: fileURLToPath(new URL('.', import.meta.url)),
    },
    bundle: true,
    minify: true,
    format: 'esm',
    write: false,
  });
  const script = outputFiles[0]?.text ?? '';
  const server = createServer(({ url }, response) => {
    const isScript = url === '/page.js';
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
    response.end(isScript ? script : '<!doctype html><script type="module" src="/page.js"></script>');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}
