import { occurrences } from '../../model/recurrence/recurrence.js';
import { overlapNotes } from '../overlapNotes.js';
import { zonedTimeText } from '../zonedTimeText.js';
import type { Group } from './group.js';
import { type PartPlan, partsOf } from './groupParts.js';
import { endingNote } from './groupWords.js';
import { runNotes, runNoteTexts } from './runNotes.js';

/** Number of runs of each part that are compared with those of others; more than those of two days. */
const COMPARED_RUNS = 3_000;

/** Options of {@link groupNotes}. */
export interface GroupNotesOptions {
  /** As for {@link runNotes}. @default false */
  readonly isStartTold?: boolean;
  /** The group before a change: its first run is not told again when it stays. */
  readonly before?: Group | undefined;
}

/**
 * Tells what about the runs of a group to come a planner may not expect: a first run after the start, runs that the clock changes, that
 * overlap, runs of two dispatches at once, and an end within 30 days. Sentences, none where there is nothing.
 */
export function groupNotes(group: Group, nowMs: number, { isStartTold, before }: GroupNotesOptions = {}): string[] {
  const { zone } = group;
  if (zone === null) return [];
  const parts = partsOf(group);
  const meeting = firstMeeting(parts);
  const overlapping = parts.flatMap(part =>
    overlapNotes(startsOf(part), part.durationMs, ms => zonedTimeText(ms, zone)),
  );
  return [
    ...(before !== undefined && isSameStart(before, group, parts) ? [] : firstRunNotes(group, zone, parts, nowMs)),
    ...runNoteTexts(runNotes(group, isStartTold), nowMs),
    ...overlapping.slice(0, 1),
    ...(meeting === null ? [] : [meetingNote(zonedTimeText(meeting, zone))]),
    ...[endingNote(group, nowMs)].filter(text => text !== null),
  ];
}

function isSameStart(before: Group, { startTimeMs }: Group, [first]: readonly PartPlan[]): boolean {
  return before.startTimeMs === startTimeMs && partsOf(before)[0]?.startTimeMs === first?.startTimeMs;
}

/** Tells that the first run is after the start, as plans of one dispatch do. */
function firstRunNotes({ startTimeMs }: Group, zone: string, parts: readonly PartPlan[], nowMs: number): string[] {
  const [first] = parts;
  if (first === undefined || first.startTimeMs === startTimeMs || first.startTimeMs < nowMs) return [];
  return [`The first run starts at ${zonedTimeText(first.startTimeMs, zone)}, not at the start time.`];
}

function meetingNote(time: string): string {
  return (
    `The run of ${time} begins when, or before, that of another dispatch of the group ends: consumers that do not merge ` +
    'dispatches of a type get its start, then the stop of the other.'
  );
}

/** The first run that begins before, or when, the run of another part ends; null: there is none. */
function firstMeeting(parts: readonly PartPlan[]): number | null {
  const runs = parts.flatMap((part, index) =>
    startsOf(part).map(startMs => ({ startMs, endMs: startMs + part.durationMs, index })),
  );
  runs.sort((a, b) => a.startMs - b.startMs);
  const found = runs.find(({ startMs, index }, place) => {
    const before = runs[place - 1];
    return before !== undefined && before.index !== index && startMs <= before.endMs;
  });
  return found?.startMs ?? null;
}

function startsOf({ rule, startTimeMs }: PartPlan): number[] {
  const found = occurrences(rule, startTimeMs);
  const starts: number[] = [];
  for (
    let next = found.after(startTimeMs);
    next !== null && starts.length < COMPARED_RUNS;
    next = found.after(next, false)
  ) {
    starts.push(next);
  }
  return starts;
}
