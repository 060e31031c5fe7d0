import type { DispatchChanges, NewDispatch } from '../../../src/client/requests.js';
import type { Selector } from '../../../src/model/selector.js';
import { integer, pick, randomNumbers } from '../../faults/random.js';

/** The types of a day. */
export const dayTypes = ['CHARGE', 'HOLD', 'DISCHARGE'] as const;

/** How much happens in a day, and in how many seconds it is played. */
export interface DaySize {
  readonly seconds: number;
  readonly dispatches: number;
  readonly changes: number;
  readonly outages: number;
}

/** What happens at a time of the day, in milliseconds since its beginning. Dispatches are numbered in the order of their creation. */
export type DayStep = { readonly atMs: number } & (
  | { readonly does: 'create'; readonly dispatch: Omit<NewDispatch, 'startTime'> & { readonly startS: number } }
  | {
      readonly does: 'update';
      readonly number: number;
      readonly changes: DispatchChanges;
      /** A new start, in seconds since the beginning of the day. */
      readonly startS?: number;
    }
  | { readonly does: 'delete'; readonly number: number }
  | { readonly does: 'cut' }
  | { readonly does: 'restore' }
);

/** How long the service cannot be reached in an outage, and until both dispatchers have surely caught up, in seconds. */
const outageS = 3;
const catchUpS = 16;

interface Planned {
  startS: number;
  durationS: number | null;
  active: boolean;
  isDeleted: boolean;
}

const selectors: readonly Selector[] = [
  { ids: [1] },
  { ids: [1, 2] },
  { ids: [2, 1] },
  { categories: [{ category: 'BATTERY' }] },
];

/**
 * A day of dispatches that overlap, are changed and deleted, while the service is lost now and then.
 *
 * Runs begin and end at whole seconds, and changes come between them: which of two things that happen at one time comes first is not what
 * is compared. For the same reason a dispatch that is changed in an outage begins and ends no run until it is over.
 */
export function dayScript(seed: number, size: DaySize): DayStep[] {
  const random = randomNumbers(seed);
  const planned: Planned[] = [];
  const steps: DayStep[] = [];
  const outages = Array.from({ length: size.outages }, (_, i) =>
    Math.round(((i + 0.5) * size.seconds) / size.outages - outageS / 2),
  );
  const outageAt = (second: number) => outages.find(fromS => second >= fromS - 1 && second < fromS + catchUpS);
  for (const fromS of outages) {
    steps.push({ atMs: fromS * 1_000 + 100, does: 'cut' }, { atMs: (fromS + outageS) * 1_000 + 100, does: 'restore' });
  }
  /** Whether a run begins or ends while the dispatchers may know different versions. */
  const turnsIn = (fromS: number, { startS, durationS }: Planned) =>
    [startS, startS + (durationS ?? 1e9)].some(second => second >= fromS - 1 && second <= fromS + catchUpS);

  const create = (atMs: number) => {
    const second = Math.max(0, Math.ceil(atMs / 1_000));
    let startS = second + integer(1, 15, random);
    // So that some begin and end together.
    if (random() < 0.6) startS += 5 - (startS % 5);
    const outage = outageAt(second);
    if (outage !== undefined) startS = Math.max(startS, outage + catchUpS + 1);
    const durationS = random() < 0.1 ? null : pick([3, 5, 5, 10, 10, 10, 15, 20, 25], random);
    const active = random() < 0.9;
    planned.push({ startS, durationS, active, isDeleted: false });
    steps.push({
      atMs,
      does: 'create',
      dispatch: {
        type: pick(dayTypes, random),
        startS,
        durationMs: durationS === null ? null : durationS * 1_000,
        selector: pick(selectors, random),
        active,
        dryRun: random() < 0.15,
        payload: { n: steps.length },
      },
    });
  };

  const change = (atMs: number) => {
    const second = Math.floor(atMs / 1_000);
    const number = integer(0, planned.length - 1, random);
    const before = planned[number];
    if (before === undefined || before.isDeleted) return false;
    const after = { ...before };
    const kind = random();
    let changes: DispatchChanges = { payload: { n: steps.length } };
    let startS: number | undefined;
    if (kind < 0.15) {
      after.durationS = random() < 0.2 ? null : pick([5, 10, 15, 20, 30], random);
      changes = { durationMs: after.durationS === null ? null : after.durationS * 1_000 };
    } else if (kind < 0.25) {
      after.active = !before.active;
      changes = { active: after.active };
    } else if (kind < 0.35) changes = { selector: pick(selectors, random) };
    else if (kind < 0.42) {
      startS = second + integer(2, 10, random);
      after.startS = startS;
    } else if (kind < 0.45) after.isDeleted = true;
    const outage = outageAt(second);
    if (outage !== undefined && (turnsIn(outage, before) || turnsIn(outage, after))) return false;
    planned[number] = after;
    if (after.isDeleted) steps.push({ atMs, does: 'delete', number });
    else steps.push({ atMs, does: 'update', number, changes, ...(startS !== undefined && { startS }) });
    return true;
  };

  // What is there before the day begins.
  const early = Math.floor(size.dispatches / 4);
  for (let i = 0; i < early; i++) create(-3_000 + i);
  const perSecond = size.changes / size.seconds;
  let made = early;
  for (let second = 0; second < size.seconds; second++) {
    const outage = outageAt(second);
    // Nothing changes shortly before an outage, and until both have caught up.
    if (outage !== undefined && second !== outage + 1) continue;
    const due = Math.min(Math.round(perSecond * (second + 1)) - made, Math.ceil(3 * perSecond));
    for (let i = 0; i < due; i++) {
      const atMs = second * 1_000 + 250 + (500 * i) / due;
      if (planned.length < early + ((size.dispatches - early) * made) / size.changes) create(atMs);
      else if (!Array.from({ length: 50 }).some(() => change(atMs))) continue;
      made += 1;
    }
  }
  return steps.sort((a, b) => a.atMs - b.atMs);
}
