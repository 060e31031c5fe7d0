import { MINUTES_PER_DAY, MS_PER_MINUTE } from '../../model/recurrence/calendar.js';
import { checkRule } from '../../model/recurrence/checkRule.js';
import { offsetAt, offsetChanges } from '../../model/recurrence/localTime.js';
import { occurrences } from '../../model/recurrence/recurrence.js';
import { wallRule } from '../../model/recurrence/wallRule.js';
import { spanText } from '../timeText.js';
import { zonedTimeText } from '../zonedTimeText.js';
import { type Group, timeOfDay } from './group.js';
import { localEnd, type PartPlan, partsOf, runsAtChanges } from './groupParts.js';

/** Maximum number of runs that are named. */
const MAX_RUNS = 10;

/** What may surprise about a run. */
export interface RunNote {
  /** The start of the run, milliseconds since the epoch. */
  readonly startMs: number;
  /** A sentence. */
  readonly text: string;
}

/**
 * Tells of each run that the clock changes: one whose local start the zone skips, and one whose local end is another than that of the others.
 *
 * @param isStartTold whether it was told already that the zone skips the start of the group, where it does
 */
export function runNotes(group: Group, isStartTold = false): RunNote[] {
  const { zone, startTimeMs } = group;
  if (zone === null) return [];
  const parts = partsOf({ ...group, toMinute: null });
  const moved = movedStarts(group, zone, parts).filter(({ startMs }) => !isStartTold || startMs !== startTimeMs);
  const notes = [...moved, ...otherEnds(group, zone, parts)];
  return notes.sort((a, b) => a.startMs - b.startMs);
}

/**
 * The sentences about runs, of many the first ones.
 *
 * @param fromMs runs that start before are left out, milliseconds since the epoch
 */
export function runNoteTexts(notes: readonly RunNote[], fromMs: number): string[] {
  const found = notes.filter(({ startMs }) => startMs >= fromMs);
  const more = found.length - MAX_RUNS;
  return [
    ...found.slice(0, MAX_RUNS).map(({ text }) => text),
    ...(more > 0 ? [`The clock changes in ${more} more runs.`] : []),
  ];
}

/** The runs that start after a gap of the clock because the zone skips their local time. */
function movedStarts({ rule, startTimeMs }: Group, zone: string, parts: readonly PartPlan[]): RunNote[] {
  const startMinute = Math.floor((startTimeMs + offsetAt(zone, startTimeMs)) / MS_PER_MINUTE);
  checkRule(rule);
  const { minutes } = wallRule(rule, startMinute);
  return parts.flatMap(part => {
    const starts = occurrences(part.rule, part.startTimeMs);
    const lastMs = starts.before(Number.POSITIVE_INFINITY) ?? part.startTimeMs;
    return offsetChanges(zone, part.startTimeMs - LONGEST_GAP_MS, lastMs).flatMap(({ atMs, beforeMs, afterMs }) => {
      const notes: RunNote[] = [];
      let startMs = starts.after(Math.max(atMs, part.startTimeMs));
      for (; startMs !== null && startMs < atMs + afterMs - beforeMs; startMs = starts.after(startMs, false)) {
        if (minutes.includes(minuteOf(startMs + afterMs))) continue;
        const [taken, meant] = [zonedTimeText(startMs, zone), timeOfDay(minuteOf(startMs + beforeMs))];
        notes.push({
          startMs,
          text: `The run of ${taken} is meant at ${meant}: the clock goes forward over that time.`,
        });
      }
      return notes;
    });
  });
}

const LONGEST_GAP_MS = 24 * 3_600_000;

function minuteOf(localMs: number): number {
  return Math.floor(localMs / MS_PER_MINUTE) % MINUTES_PER_DAY;
}

function otherEnds(group: Group, zone: string, parts: readonly PartPlan[]): RunNote[] {
  return runsAtChanges(group, parts).flatMap(({ startMs }) =>
    endNotes(group, zone, startMs).map(text => ({ startMs, text })),
  );
}

/** Tells that a run ends at another local time, or lasts longer or less long, than it is given: a sentence, or none. */
export function endNotes(
  { durationMs, toMinute }: Pick<Group, 'durationMs' | 'toMinute'>,
  zone: string,
  startMs: number,
): string[] {
  const run = `The run of ${zonedTimeText(startMs, zone)}`;
  const endMs = localEnd({ durationMs, toMinute }, zone, startMs);
  const isSame = endMs === startMs + durationMs;
  if (toMinute === null) {
    return isSame ? [] : [`${run} ends at ${zonedTimeText(startMs + durationMs, zone)}: the clock changes in it.`];
  }
  if (minuteOf(endMs + offsetAt(zone, endMs)) !== toMinute) {
    return [
      `${run} ends at ${zonedTimeText(endMs, zone)}, not at ${timeOfDay(toMinute)}: the clock goes forward then.`,
    ];
  }
  return isSame ? [] : [`${run} lasts ${spanText(endMs - startMs)}, not ${spanText(durationMs)}.`];
}
