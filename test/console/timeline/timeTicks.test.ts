import { fc, it as property } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { timeTicks } from '../../../src/console/timeline/timeTicks.js';
import { dayMs, hourMs, minuteMs } from '../../support/dispatchRecord.js';

const zones = ['UTC', 'Europe/Berlin', 'Asia/Kolkata', 'America/St_Johns', 'Australia/Lord_Howe', 'Pacific/Apia'];

describe('the marks of the time axis', () => {
  property.prop(
    [
      fc.constantFrom(...zones),
      fc.integer({ min: Date.UTC(2000, 0), max: Date.UTC(2040, 0) }),
      fc.integer({ min: minuteMs, max: 800 * dayMs }),
      fc.integer({ min: 2, max: 40 }),
    ],
    { numRuns: 150 },
  )('are in view, in order, and not too many', (zone, fromMs, spanMs, limit) => {
    const { fine, coarse } = timeTicks(zone, fromMs, fromMs + spanMs, limit);
    expect(fine.length).toBeGreaterThan(0);
    // A change of the clock may add one, and months differ.
    expect(fine.length).toBeLessThanOrEqual(limit + 3);
    for (const [index, { atMs }] of fine.entries()) {
      expect(atMs).toBeGreaterThanOrEqual(fromMs);
      expect(atMs).toBeLessThan(fromMs + spanMs);
      expect(atMs).toBeGreaterThan(fine[index - 1]?.atMs ?? Number.NEGATIVE_INFINITY);
    }
    if (coarse.length > 0) expect(coarse[0]?.atMs).toBeLessThanOrEqual(fromMs);
  });

  it('are there between the beginnings of two months', () => {
    const fromMs = Date.UTC(2026, 2, 2);
    expect(timeTicks('UTC', fromMs, fromMs + 29 * dayMs, 2).fine.map(({ text }) => text)).toEqual(['Mon 9', 'Mon 23']);
  });

  it('are at local midnight, and skip what the clock skips', () => {
    const fromMs = Date.UTC(2026, 2, 28, 22);
    const { fine, coarse } = timeTicks('Europe/Berlin', fromMs, fromMs + 8 * hourMs, 8);
    expect(fine.map(({ text }) => text)).toEqual([
      '23:00',
      '00:00',
      '01:00',
      '03:00',
      '04:00',
      '05:00',
      '06:00',
      '07:00',
    ]);
    expect(coarse.map(({ text }) => text)).toEqual(['Sat 28 Mar 2026', 'Sun 29 Mar 2026']);
  });

  it('begin weeks on Mondays, months on the first and years in January', () => {
    const fromMs = Date.UTC(2026, 0, 1);
    const texts = (days: number) => timeTicks('UTC', fromMs, fromMs + days * dayMs, 6).fine.map(({ text }) => text);
    expect(texts(35)).toEqual(['Mon 5', 'Mon 12', 'Mon 19', 'Mon 26', 'Mon 2']);
    expect(texts(150)).toEqual(['Jan', 'Feb', 'Mar', 'Apr', 'May']);
    expect(texts(1_500)).toEqual(['2026', '2027', '2028', '2029', '2030']);
  });
});
