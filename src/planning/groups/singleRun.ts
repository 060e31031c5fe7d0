import { offsetAt } from '../../model/recurrence/localTime.js';
import { localEnd } from './groupParts.js';
import { endNotes } from './runNotes.js';

/** How long a run that is alone is, as it is given in local time. */
export interface SingleRunInput {
  /** Milliseconds since the epoch. */
  readonly startTimeMs: number;
  /** The local time that was given for the start, as if it were UTC, where the zone may skip it. @default that of the start */
  readonly localStartMs?: number | undefined;
  /** Null: the run has no end. */
  readonly durationMs: number | null;
  /** Minute of the local day at which the run ends, in place of a duration. */
  readonly toMinute?: number | undefined;
}

/** The length of a run that is alone, and what the clock does to its end: sentences. */
export interface SingleRun {
  readonly durationMs: number | null;
  readonly notes: readonly string[];
}

/** Tells how long a run is, in whole seconds: a service takes no others. It ends as one of a group does: {@link localEnd}. */
export function singleRun(zone: string, input: SingleRunInput): SingleRun {
  const { toMinute } = input;
  const startMs = Math.floor(input.startTimeMs / 1000) * 1000;
  const localStartMs = input.localStartMs ?? startMs + offsetAt(zone, startMs);
  const durationMs = toMinute === undefined ? input.durationMs : lengthTo(localStartMs, toMinute);
  if (durationMs === null) return { durationMs, notes: [] };
  const ending = { durationMs, toMinute: toMinute ?? null };
  const spanMs = toMinute === undefined ? durationMs : localEnd(ending, zone, startMs) - startMs;
  return { durationMs: spanMs, notes: endNotes(ending, zone, startMs) };
}

/** The time by the local clock until a minute of the day, more than none and at most a day. */
function lengthTo(localStartMs: number, toMinute: number): number {
  const ms = (toMinute * 60_000 - localStartMs) % DAY_MS;
  return ms > 0 ? ms : ms + DAY_MS;
}

const DAY_MS = 24 * 3_600_000;
