import type { CDPSession, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithChromium } from '../../support/describeWithChromium.js';
import { dispatchRecord, hourMs, minuteMs, monday10Ms } from '../../support/dispatchRecord.js';
import { openConsole, type ServedConsole, serveConsole } from '../openConsole.js';

interface Point {
  readonly x: number;
  readonly y: number;
}

/** Moves fingers from places to others, and lifts them. */
async function move(session: CDPSession, from: readonly Point[], to: readonly Point[], steps = 10): Promise<void> {
  const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', points: readonly Point[]) =>
    session.send('Input.dispatchTouchEvent', { type, touchPoints: points.map((point, id) => ({ ...point, id })) });
  await touch('touchStart', from);
  for (let step = 1; step <= steps; step += 1) {
    const between = (a: number, b: number) => a + ((b - a) * step) / steps;
    await touch(
      'touchMove',
      from.map(({ x, y }, finger) => ({ x: between(x, to[finger]?.x ?? x), y: between(y, to[finger]?.y ?? y) })),
    );
  }
  await touch('touchEnd', []);
}

describeWithChromium('the timeline on a touch screen', browser => {
  let served: ServedConsole;
  beforeAll(async () => {
    served = await serveConsole();
  });
  afterAll(() => served[Symbol.asyncDispose]());

  const many = Array.from({ length: 40 }, (_, index) =>
    dispatchRecord({
      id: index + 1,
      type: `T${String(index).padStart(2, '0')}`,
      startTimeMs: monday10Ms - hourMs,
      durationMs: 3 * hourMs,
    }),
  );
  const open = async () => {
    const setup = { nowMs: monday10Ms + 30 * minuteMs, dispatches: many };
    const console = await openConsole(browser(), served.url, setup, { width: 390, height: 844, hasTouch: true });
    const { page } = console;
    await page.getByRole('button', { name: 'Microgrid 1 live' }).waitFor();
    await page.locator('.lane-names').getByText('T03', { exact: true }).waitFor();
    await page.locator('canvas').scrollIntoViewIfNeeded();
    const session = await page.context().newCDPSession(page);
    const box = await page.locator('canvas').boundingBox();
    if (box === null) throw new Error('the canvas is not there');
    const at = (x: number, y: number) => ({ x: box.x + x, y: box.y + y });
    return { ...console, session, at, width: box.width };
  };
  const view = (page: Page) =>
    page.evaluate('testConsole.actor.getSnapshot().context.view') as Promise<{
      fromMs: number;
      toMs: number;
      chosenId: number | null;
    }>;

  it('is panned by one finger, and scrolled up and down', async () => {
    await using console = await open();
    const { page, session, at, width } = console;
    const before = await view(page);
    await move(session, [at(150, 60)], [at(50, 60)]);
    const after = await view(page);
    const pannedPx = ((after.fromMs - before.fromMs) / (before.toMs - before.fromMs)) * width;
    expect(pannedPx).toBeGreaterThan(60);
    expect(pannedPx).toBeLessThan(110);
    expect(after.chosenId).toBeNull();
    await move(session, [at(100, 250)], [at(100, 50)]);
    await expect.poll(() => page.locator('.lanes').evaluate(lanes => lanes.scrollTop)).toBeGreaterThan(50);
    expect(console.faults).toEqual([]);
  });

  it.each([
    [
      'side by side',
      [
        [80, 60],
        [130, 60],
      ],
      [
        [40, 60],
        [190, 60],
      ],
    ],
    [
      'one above the other',
      [
        [100, 100],
        [110, 150],
      ],
      [
        [100, 50],
        [110, 200],
      ],
    ],
  ] as const)('is zoomed by two fingers %s, and what is under them stays there', async (_, from, to) => {
    await using console = await open();
    const { page, session, at, width } = console;
    const timeAt = ({ fromMs, toMs }: { fromMs: number; toMs: number }, x: number) =>
      fromMs + ((toMs - fromMs) * x) / width;
    const before = await view(page);
    await move(
      session,
      from.map(([x, y]) => at(x, y)),
      to.map(([x, y]) => at(x, y)),
    );
    const after = await view(page);
    const factor = (before.toMs - before.fromMs) / (after.toMs - after.fromMs);
    expect(factor).toBeGreaterThan(1.8);
    expect(factor).toBeLessThan(3.3);
    const middle = (places: typeof from | typeof to) => (places[0][0] + places[1][0]) / 2;
    const driftPx = ((timeAt(after, middle(to)) - timeAt(before, middle(from))) / (after.toMs - after.fromMs)) * width;
    expect(Math.abs(driftPx)).toBeLessThan(30);
    expect(after.chosenId).toBeNull();
    expect(console.faults).toEqual([]);
  });

  it('tells about a run that is tapped, until another place is tapped', async () => {
    await using console = await open();
    const { page, at, width } = console;
    const tap = ({ x, y }: Point) => page.touchscreen.tap(x, y);
    await tap(at(width * 0.25, 26 * 3 + 13));
    await page.locator('.tip').getByText('4 T03').waitFor();
    expect((await view(page)).chosenId).toBe(4);
    await page.getByRole('heading', { name: '4 T03' }).waitFor();
    await tap(at(width * 0.9, 26 * 3 + 13));
    await page.locator('.tip').waitFor({ state: 'detached' });
    expect((await view(page)).chosenId).toBeNull();
    expect(console.faults).toEqual([]);
  });
});
