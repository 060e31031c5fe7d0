import { fc, it as property } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { bringIntoView } from '../../src/console/view/bringIntoView.js';
import { followNow, initialView, pan, showTime, zoom } from '../../src/console/view/viewState.js';
import { daily, dayMs, dispatchRecord, hourMs, minuteMs, monday10Ms } from '../support/dispatchRecord.js';

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

describe('a dispatch that was saved', () => {
  it('is chosen, and leaves a view alone that its next run is in', () => {
    const record = dispatchRecord({ id: 8, startTimeMs: monday10Ms - dayMs, durationMs: 1_000, recurrence: daily() });
    expect(bringIntoView(view, record, monday10Ms)).toEqual({ ...view, chosenId: 8 });
  });

  it('moves the view to its next run, or to its only one when that is over', () => {
    for (const startTimeMs of [monday10Ms + 9 * dayMs, monday10Ms - 9 * dayMs]) {
      const found = bringIntoView(view, dispatchRecord({ id: 8, startTimeMs, durationMs: 1_000 }), monday10Ms);
      expect(found).toMatchObject({ chosenId: 8, follows: false, fromMs: startTimeMs - 6 * hourMs });
      expect(found.toMs - found.fromMs).toBe(dayMs);
    }
  });
});
