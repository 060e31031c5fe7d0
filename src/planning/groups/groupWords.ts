import { Dispatch } from '../../dispatch.js';
import type { JsonObject } from '../../model/dispatchRecord.js';
import { ruleToText } from '../../model/recurrence/ruleText.js';
import { startAtOrAfter } from '../../model/schedule.js';
import { type DispatchState, dispatchState } from '../dispatchState.js';
import { spanText, timeText } from '../timeText.js';
import { zonedTimeText } from '../zonedTimeText.js';
import { type Group, groupOf, type PendingStep, timeOfDay } from './group.js';
import type { LiveGroup } from './liveGroup.js';

/** Formats the rule of a group in words, in local time. */
export function groupRuleText(group: Group): string {
  const { zone, rule, untilMs, exceptions } = group;
  const inZone = zone === null || zone === 'UTC' ? ' UTC' : ` ${zone}`;
  const named = ruleToText(rule).replaceAll(' UTC', inZone);
  const words = zone === null || named.includes(inZone) ? named : `${named} in${inZone}`;
  const until = zone === null || untilMs === null ? '' : `, until ${zonedTimeText(untilMs, zone)}`;
  const skipped = exceptions.length === 0 ? '' : `, ${exceptions.length} skipped`;
  return `${words}${until}${skipped}`;
}

/** Formats how long the runs of a group are. */
export function groupDurationText({ durationMs, toMinute }: Group): string {
  return toMinute === null ? spanText(durationMs) : `to ${timeOfDay(toMinute)}`;
}

/** Formats an instant in the zone of a group. */
export function groupTimeText({ zone }: Group, atMs: number): string {
  return zone === null ? timeText(new Date(atMs)) : zonedTimeText(atMs, zone);
}

/** The first run of the dispatches of a group; null when they have none. */
export function firstRunOf(dispatches: readonly Dispatch[]): Date | null {
  const starts = dispatches.flatMap(({ record }) => {
    try {
      return startAtOrAfter({ ...record, active: true }, record.startTimeMs) ?? [];
    } catch (error) {
      // Other services may store such a rule.
      if (error instanceof RangeError) return [];
      throw error;
    }
  });
  return starts.length === 0 ? null : new Date(Math.min(...starts));
}

/** Says of which group a dispatch is, such as `g9601d3a6 (2/3), every day at 08:00 Europe/Berlin`; null when it is of none. */
export function groupPartText(payload: JsonObject): string | null {
  const found = groupOf(payload);
  if (found === null) return null;
  const { group, part, step } = found;
  return `${group.id} (${part}), ${groupRuleWords(group)}${step === null ? '' : `; the step '${step}' is not done`}`;
}

/** The rule of a group in words; when its zone is not known here that. */
export function groupRuleWords(group: Group): string {
  try {
    return groupRuleText(group);
  } catch (error) {
    if (error instanceof RangeError) return `in ${group.zone}, which is not known here`;
    throw error;
  }
}

/**
 * The state of a group: that of the dispatch that runs, or of the one that runs next.
 *
 * @param missing number of its dispatches that are missing.
 */
export function groupState(dispatches: readonly Dispatch[], nowMs: number, missing = 0): DispatchState {
  const states = dispatches.map(dispatch => dispatchState(dispatch, nowMs));
  const next = states.flatMap(({ nextRun }) => nextRun ?? []).sort((a, b) => a.getTime() - b.getTime())[0] ?? null;
  const shown =
    states.find(({ name }) => name === 'running') ??
    states.find(({ nextRun }) => nextRun !== null && nextRun.getTime() === next?.getTime()) ??
    states.at(-1);
  const { name, text } = shown ?? { name: 'finished', text: 'finished' };
  if (missing === 0) return { name, text, nextRun: next };
  const total = dispatches.length + missing;
  return { name: 'incomplete', text: `incomplete (${missing} of ${total} missing), ${text}`, nextRun: next };
}

/** Data of a group for programs. */
export function groupJson({ group, records }: LiveGroup) {
  const { startTimeMs, untilMs, exceptions, rule, ...others } = group;
  return {
    group: {
      ...others,
      rule,
      startTime: new Date(startTimeMs).toISOString(),
      until: untilMs === null ? null : new Date(untilMs).toISOString(),
      exceptions: exceptions.map(at => new Date(at).toISOString()),
    },
    dispatches: records.map(record => new Dispatch(record)),
  };
}

/** Says that a step of a group is not done, without an end of the sentence. */
export function stepText(groupId: string, step: PendingStep): string {
  return `The step '${step}' of group ${groupId} is not done: a command is at it, or was broken off`;
}

/** Says so, and which command is for that. */
export function stepNote(groupId: string, step: PendingStep): string {
  return `${stepText(groupId, step)}, and 'dispatch check' finishes or undoes it.`;
}

/** A sentence when a group ends within 30 days; null otherwise. */
export function endingNote({ id, zone, untilMs }: Group, nowMs: number): string | null {
  if (zone === null || untilMs === null || untilMs < nowMs || untilMs > nowMs + WARN_MS) return null;
  return `Group ${id} ends at ${zonedTimeText(untilMs, zone)}: 'dispatch update' with --until prolongs it.`;
}

const WARN_MS = 30 * 24 * 3_600_000;
