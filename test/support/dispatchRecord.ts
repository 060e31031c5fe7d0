import type { DispatchRecord } from '../../src/model/dispatchRecord.js';
import { dispatchRecord as testRecord } from '../../src/testing/dispatchRecord.js';

/** 2026-03-02T10:00:00Z, a Monday. */
export const monday10Ms = Date.UTC(2026, 2, 2, 10);

export const minuteMs = 60_000;
export const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;

/** A dispatch that runs from Monday 10:00 for half an hour, but for what a test says. */
export function dispatchRecord(overrides: Partial<DispatchRecord> = {}): DispatchRecord {
  return testRecord({
    type: 'CHARGE',
    startTimeMs: monday10Ms,
    durationMs: 30 * minuteMs,
    selector: { ids: [5] },
    ...overrides,
  });
}

/** A recurrence rule of interval 1. */
export function daily(overrides: object = {}): NonNullable<DispatchRecord['recurrence']> {
  return { frequency: 'DAILY', interval: 1, ...overrides };
}

/** The version of a dispatch that counts up with `n`. */
export function version(n: number): string {
  return `2026-01-01T00:00:00.${String(n).padStart(9, '0')}Z`;
}
