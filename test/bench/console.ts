import type { Command } from 'commander';
import type { CDPSession, Page } from 'playwright-core';
import type { DispatchRecord } from '../../src/model/dispatchRecord.js';
import { openConsole, serveConsole } from '../console/openConsole.js';
import { startChromium } from '../support/describeWithChromium.js';
import { dispatchRecord, hourMs, minuteMs, monday10Ms } from '../support/dispatchRecord.js';
import { median, percentile, positiveInteger, round } from './figures.js';
import type { Report } from './report.js';

const NAME = 'console';
const TYPES = 25;

interface ConsoleOptions {
  readonly runs: number;
  readonly frames: number;
  readonly seconds: number;
}

/** What a frame of the console's timeline costs beside a bare canvas, when it is first painted, and its memory over live updates. */
export function consoleBenchmark(program: Command, report: Report): void {
  program
    .command(NAME)
    .description('frames, first paint and memory of the console in Chromium')
    .option('--runs <n>', 'runs in view', positiveInteger, 10_000)
    .option('--frames <n>', 'frames to measure', positiveInteger, 100)
    .option('--seconds <n>', 'seconds of live updates, 100 each', positiveInteger, 60)
    .action(async (options: ConsoleOptions) => {
      await using served = await serveConsole();
      const browser = await startChromium();
      try {
        await using console = await openConsole(
          browser,
          served.url,
          { nowMs: monday10Ms, dispatches: runsInView(options.runs) },
          { width: 1920, height: 900 },
        );
        const { page } = console;
        await page.getByRole('button', { name: 'Microgrid 1 live' }).waitFor();
        report(NAME, { ...(await frames(page, options)), ...(await firstPaint(page)) });
        report(NAME, await memory(page, options.seconds));
        // Only this benchmark reads the canvas, so that the browser puts off nothing.
        const faults = console.faults.filter(fault => !fault.includes('willReadFrequently'));
        if (faults.length > 0) throw new Error(faults.join('\n'));
      } finally {
        await browser.close();
      }
    });
}

/** Dispatches of one run each, beside each other in lanes of as many types. */
function runsInView(count: number): DispatchRecord[] {
  const perLane = Math.ceil(count / TYPES);
  const fromMs = monday10Ms - 6 * hourMs;
  const stepMs = (23.5 * hourMs) / perLane;
  return Array.from({ length: count }, (_, index) =>
    dispatchRecord({
      id: index + 1,
      type: `TYPE_${String(index % TYPES).padStart(2, '0')}`,
      startTimeMs: Math.round(fromMs + Math.floor(index / TYPES) * stepMs),
      durationMs: Math.floor(stepMs / 2_000) * 1_000,
      selector: { ids: [index + 1] },
    }),
  );
}

async function frames(page: Page, { frames: count }: ConsoleOptions) {
  const { rectangles, timelineMs, bareMs } = (await page.evaluate(`window.testConsole.measureFrames(${count})`)) as {
    rectangles: number;
    timelineMs: number[];
    bareMs: number[];
  };
  return {
    rectangles,
    frameMs: round(median(timelineMs)),
    frameP99Ms: round(percentile(timelineMs, 0.99)),
    bareMs: round(median(bareMs)),
    ratio: round(median(timelineMs) / median(bareMs)),
    framesPerSecond: round(1_000 / median(timelineMs)),
  };
}

async function firstPaint(page: Page) {
  const [first] = (await page.evaluate(
    `performance.getEntriesByName('first-contentful-paint').map(({ startTime }) => startTime)`,
  )) as number[];
  return { firstPaintMs: round(first ?? Number.NaN) };
}

async function memory(page: Page, seconds: number) {
  const session = await page.context().newCDPSession(page);
  await page.evaluate(`
    let count = 0;
    window.updates = setInterval(() => {
      for (let one = 0; one < 10; one += 1) {
        count += 1;
        window.testConsole.transports.get(1).update(1 + (count % 1000), { payload: { count }, durationMs: ${minuteMs} });
      }
    }, 100)`);
  await page.waitForTimeout((seconds / 4) * 1_000);
  const early = await heapMebibytes(session);
  await page.waitForTimeout(((seconds * 3) / 4) * 1_000);
  const late = await heapMebibytes(session);
  await page.evaluate('clearInterval(window.updates)');
  return { updatesPerSecond: 100, seconds, earlyMebibytes: round(early), lateMebibytes: round(late) };
}

async function heapMebibytes(session: CDPSession): Promise<number> {
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  return usedSize / 2 ** 20;
}
