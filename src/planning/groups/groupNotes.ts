import { occurrences } from '../../model/recurrence/recurrence.js';
import { zonedTimeText } from '../zonedTimeText.js';
import type { Group } from './group.js';
import { type PartPlan, partsOf } from './groupParts.js';
import { endingNote } from './groupWords.js';
import { runNotes, runNoteTexts } from './runNotes.js';

/** Number of runs of each part that are compared with those of others; more than those of two days. */
const COMPARED_RUNS = 3_000;

/**
 * Tells what about the runs of a group to come a planner may not expect: runs that the clock changes, runs of two dispatches at once, and an end
 * within 30 days. Sentences, none where there is nothing.
 */
export function groupNotes(group: Group, nowMs: number): string[] {
  const { zone } = group;
  if (zone === null) return [];
  const meeting = firstMeeting(partsOf(group));
  return [
    ...runNoteTexts(runNotes(group), nowMs),
    ...(meeting === null ? [] : [meetingNote(zonedTimeText(meeting, zone))]),
    ...[endingNote(group, nowMs)].filter(text => text !== null),
  ];
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
