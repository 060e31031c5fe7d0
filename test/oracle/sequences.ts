import fc, { type Arbitrary } from 'fast-check';
import type { DispatchRecord } from '../../src/model/dispatchRecord.js';
import type { RecurrenceRule } from '../../src/model/recurrence/recurrenceRule.js';
import { dayMs, hourMs, minuteMs } from '../support/dispatchRecord.js';

/**
 * An instant, from now or from where something changes about a dispatch: the one in a slot or, if there is none, any other.
 */
export type Instant =
  | { readonly from: 'now'; readonly ms: number }
  | { readonly from: 'next' | 'start' | 'end'; readonly slot: number; readonly ms: number };

/** What changes in a dispatch; the rest stays as it is. */
export interface Changes extends Partial<Omit<DispatchRecord, 'recurrence'>> {
  readonly start?: Instant;
  readonly rule?: (Omit<RecurrenceRule, 'untilMs'> & { readonly untilAfterMs?: number }) | null;
}

/** What happens to one dispatch at the service. In each of a few slots there is one at a time, or none. */
export type Edit =
  | { readonly kind: 'put'; readonly slot: number; readonly changes: Changes }
  | { readonly kind: 'delete'; readonly slot: number };

/** An old version of a dispatch that is or was in a slot. */
export interface OldVersion {
  readonly slot: number;
  /** How many versions ago it was the present one. */
  readonly back: number;
}

/** One step of a sequence. */
export type Step =
  /** The stream brings an edit. */
  | { readonly kind: 'edit'; readonly edit: Edit; readonly pause: Exclude<Pause, 'none'> }
  /** The stream brings an old version once more. */
  | ({ readonly kind: 'repeat' } & OldVersion)
  | { readonly kind: 'pass'; readonly to: Instant }
  /** The program is busy: time passes and its timers are late. */
  | { readonly kind: 'stall'; readonly to: Instant; readonly pause: Pause }
  | { readonly kind: 'sleep' | 'clockStep'; readonly to: Instant; readonly pause: Pause }
  /** The connection is lost; edits happen meanwhile; it comes back, at once or with `reach`. */
  | { readonly kind: 'lose'; readonly edits: readonly Edit[]; readonly isBackAtOnce: boolean }
  | { readonly kind: 'reach' }
  /** The service is restored from a backup, and the connection is lost. */
  | ({ readonly kind: 'backup' } & OldVersion)
  /** The program ends and starts again from what was kept. */
  | { readonly kind: 'restart'; readonly edits: readonly Edit[]; readonly sleepMs: number };

/** What happens before the next step: nothing, all that needs no timer, or also what the timers bring that are due. */
export type Pause = 'none' | 'settle' | 'advance';

/** How what a dispatcher knows outlives it. */
export type Kept = 'snapshot' | 'store';

/** A life of some dispatches. */
export interface Sequence {
  readonly startMs: number;
  /** So early timers fire. */
  readonly earlyMs: number;
  /** What a restart starts from. */
  readonly kept: Kept;
  readonly initial: readonly Edit[];
  readonly steps: readonly Step[];
}

const slot = fc.constantFrom(1, 2, 3, 4);

/** Boundaries are hit exactly, or missed by a little. */
const nudgeMs = fc.oneof(
  { weight: 4, arbitrary: fc.constant(0) },
  { weight: 2, arbitrary: fc.constantFrom(-1, 1, 999, 1000, 1001) },
  { weight: 1, arbitrary: fc.integer({ min: -3_000, max: 3_000 }) },
);

const boundary = fc.constantFrom<'next' | 'start' | 'end'>('next', 'start', 'end');

const atBoundary: Arbitrary<Instant> = fc.record({ from: boundary, slot, ms: nudgeMs });

function fromNow(ms: Arbitrary<number>): Arbitrary<Instant> {
  return fc.record({ from: fc.constant('now' as const), ms });
}

const start: Arbitrary<Instant> = fc.oneof(
  { weight: 3, arbitrary: fromNow(fc.integer({ min: -90, max: 90 }).map(s => s * 1000)) },
  { weight: 2, arbitrary: fromNow(fc.constantFrom(0, 1, -1, 250, -1000, -1001, -hourMs, 5 * minuteMs)) },
  { weight: 2, arbitrary: atBoundary },
);

const durationMs = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(0, 1, 5, 30, 60, 60, 90, 90, 150).map(s => s * 1000) },
  { weight: 1, arbitrary: fc.constantFrom(hourMs, dayMs, null) },
);

const byMinutes = fc.uniqueArray(fc.constantFrom(0, 1, 2, 3, 58, 59), { minLength: 1, maxLength: 3, size: 'max' });

const rule: Arbitrary<NonNullable<Changes['rule']>> = fc
  .record({
    of: fc.oneof(
      { weight: 6, arbitrary: fc.constant({ frequency: 'MINUTELY' as const }) },
      { weight: 1, arbitrary: fc.record({ frequency: fc.constantFrom('MINUTELY', 'HOURLY'), byMinutes }) },
      { weight: 1, arbitrary: fc.record({ frequency: fc.constantFrom('HOURLY', 'DAILY', 'WEEKLY') }) },
    ),
    interval: fc.constantFrom(1, 1, 1, 1, 2, 3),
    end: fc.oneof(
      { weight: 2, arbitrary: fc.constant({}) },
      { weight: 1, arbitrary: fc.record({ count: fc.constantFrom(0, 1, 2, 3, 10) }) },
      {
        weight: 1,
        arbitrary: fc.record({ untilAfterMs: fc.constantFrom(-1000, 0, 30_000, minuteMs, 3 * minuteMs, hourMs) }),
      },
    ),
  })
  .map(({ of, interval, end }) => ({ ...of, interval, ...end }));

const changes: Arbitrary<Changes> = fc.record(
  {
    start,
    durationMs,
    rule: fc.oneof(
      { weight: 4, arbitrary: rule },
      { weight: 4, arbitrary: fc.constant(null) },
      // A rule that cannot be evaluated.
      { weight: 1, arbitrary: fc.constant({ frequency: 'MINUTELY' as const, interval: 0 }) },
    ),
    type: fc.constantFrom('CHARGE', 'HOLD'),
    active: fc.constantFrom(true, true, false),
    dryRun: fc.boolean(),
    payload: fc.constantFrom({}, { kw: 1 }, { kw: 1, soc: [2] }, { soc: [2], kw: 1 }),
    selector: fc.constantFrom(
      { ids: [5] },
      { ids: [5, 6] },
      { ids: [6, 5, 5] },
      { categories: [{ category: 'METER' }] },
    ),
  },
  { requiredKeys: [] },
) as Arbitrary<Changes>;

/** An update mostly changes one or two fields; a new dispatch takes the rest from {@link newDispatch}. */
const few: Arbitrary<Changes> = fc.oneof(
  { weight: 2, arbitrary: changes },
  {
    weight: 3,
    arbitrary: fc
      .tuple(changes, fc.nat(7), fc.nat(7))
      .map(([all, i, j]) => Object.fromEntries(Object.entries(all).filter((_, k) => k === i || k === j))),
  },
);

const edit: Arbitrary<Edit> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('put'), slot, changes: few }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete'), slot }) },
);

const edits = fc.array(edit, { maxLength: 3, size: 'max' });

const pause = fc.constantFrom<Pause>('none', 'settle', 'advance', 'advance');

const passing: Arbitrary<Instant> = fc.oneof(
  { weight: 5, arbitrary: atBoundary },
  { weight: 2, arbitrary: fromNow(fc.constantFrom(0, 1, 500, 1000, 5_000, 31_000, 61_000)) },
  { weight: 1, arbitrary: fromNow(fc.integer({ min: 0, max: 20_000 })) },
);

const farAheadMs = [1000, 61_000, 10 * minuteMs, hourMs, 10 * hourMs];

const step: Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('edit'), edit, pause: fc.constantFrom('settle', 'advance') }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('pass'), to: passing }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('stall'), to: passing, pause }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('sleep'),
      to: fc.oneof(atBoundary, fromNow(fc.constantFrom(...farAheadMs, 25 * hourMs))),
      pause,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('clockStep'),
      to: fc.oneof(
        atBoundary,
        fromNow(fc.constantFrom(-99, -100, -101, ...farAheadMs.flatMap(ms => [ms, -ms]), -dayMs)),
        fromNow(fc.integer({ min: -120_000, max: 120_000 })),
      ),
      pause,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('lose'), edits, isBackAtOnce: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reach') }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('repeat', 'repeat', 'backup'), slot, back: fc.nat(3) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('restart'),
      edits,
      sleepMs: fc.constantFrom(0, 0, 1000, 30_000, 61_000, 10 * minuteMs, hourMs, -2000, -minuteMs, -10 * minuteMs),
    }),
  },
) as Arbitrary<Step>;

/** An edit that meets a start or an end, before the dispatcher can notice that it is time. */
const meeting: Arbitrary<Step[]> = fc
  .record({ kind: fc.constantFrom('sleep', 'stall', 'clockStep'), from: boundary, ms: nudgeMs, edit })
  .map(({ kind, from, ms, edit }) => [
    { kind, to: { from, slot: edit.slot, ms }, pause: 'none' },
    { kind: 'edit', edit, pause: 'settle' },
  ]);

const steps = fc.oneof({ weight: 6, arbitrary: fc.tuple(step) }, { weight: 1, arbitrary: meeting });

/** Any sequence: of some dispatches, near the turn of an hour, a month, a leap day or a year. */
export const sequenceArbitrary: Arbitrary<Sequence> = fc.record({
  startMs: fc.constantFrom(
    Date.UTC(2026, 2, 2, 10),
    Date.UTC(2026, 2, 2, 10, 59, 10),
    Date.UTC(2026, 11, 31, 23, 59, 30),
    Date.UTC(2028, 1, 28, 23, 59),
    Date.UTC(2028, 1, 29, 23, 58, 59, 750),
  ),
  earlyMs: fc.constantFrom(0, 0, 0, 1, 7),
  kept: fc.constantFrom<Kept>('snapshot', 'store'),
  initial: fc.array(edit, { maxLength: 3, size: 'max' }),
  steps: fc.array(steps, { maxLength: 30, size: 'max' }).map(parts => parts.flat()),
});
