import { fc, it as property } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { followNow, initialView, pan, showTime, zoom } from '../../src/console/view/viewState.js';
import { dayMs, hourMs, minuteMs, monday10Ms } from '../support/dispatchRecord.js';

const view = initialView(monday10Ms, 'UTC');

describe('the view of the timeline', () => {
  property.prop([fc.double({ min: 1e-6, max: 1e6, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true })])(
    'keeps the instant in its place that it is zoomed around',
    (factor, share) => {
      const aroundMs = view.fromMs + share * (view.toMs - view.fromMs);
      const zoomed = zoom(view, factor, aroundMs, monday10Ms);
      const span = zoomed.toMs - zoomed.fromMs;
      expect((aroundMs - zoomed.fromMs) / span).toBeCloseTo(share, 5);
      expect(span).toBeGreaterThanOrEqual(minuteMs - 1);
      expect(span).toBeLessThanOrEqual(2 * 366 * dayMs + 1);
    },
  );

  it('goes on following the present when it is zoomed around nothing', () => {
    const zoomed = zoom(view, 0.25, null, monday10Ms);
    expect(zoomed.follows).toBe(true);
    expect((monday10Ms - zoomed.fromMs) / (zoomed.toMs - zoomed.fromMs)).toBeCloseTo(0.25);
  });

  it('stops following when it is moved, until it is told to', () => {
    const moved = pan(view, hourMs);
    expect([moved.follows, moved.fromMs - view.fromMs]).toEqual([false, hourMs]);
    expect(followNow(moved, monday10Ms)).toEqual(view);
  });

  it('ignores what is no time', () => {
    expect(pan(view, Number.NaN)).toBe(view);
    expect(showTime(view, Number.NaN, 5)).toBe(view);
    expect(zoom(view, Number.NaN, null, monday10Ms)).toBe(view);
  });
});
