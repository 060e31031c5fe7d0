import type { Command } from 'commander';

import type { MicrogridClient } from '../../client/microgridClient.js';
import type { JsonObject } from '../../model/dispatchRecord.js';
import { instantOf, offsetAt } from '../../model/recurrence/localTime.js';
import type { RecurrenceRule } from '../../model/recurrence/recurrenceRule.js';
import type { Selector } from '../../model/selector.js';
import { parseLastTime, parseTime } from '../input/parseTime.js';
import { type RecurrenceOptions, readRecurrence } from '../input/recurrenceOptions.js';
import { OperationFailed } from '../operationFailed.js';
import { notesFor } from '../planning/planned.js';
import { changeGroup } from './changeGroup.js';
import { plannedGroup, printGroup } from './createGroup.js';
import { type Group, withoutGroup } from './group.js';
import { groupNotes } from './groupNotes.js';
import type { LiveGroup } from './liveGroup.js';
import { movedExceptions, rebased } from './movedGroup.js';
import { planChanges } from './planChanges.js';
import { newGroup, type ZoneOptions } from './zoneOptions.js';

/** The options of `update` that a group takes, and those that it refuses. */
export interface GroupOptions extends RecurrenceOptions, ZoneOptions {
  readonly startTime?: string;
  readonly duration?: number;
  readonly noDuration?: true;
  readonly noRecurrence?: true;
  readonly target?: Selector;
  readonly active?: boolean;
  readonly payload?: JsonObject;
  readonly note?: string;
  readonly dry?: true;
}

/** Changes a group by the options of `update`, and prints it. */
export async function updateGroup(
  client: MicrogridClient,
  live: LiveGroup,
  options: GroupOptions,
  command: Command,
): Promise<void> {
  const nowMs = Date.now();
  const { target, active, payload, note, dry } = options;
  const group = await changedGroup(live.group, options, nowMs);
  const common = {
    ...live.common,
    ...(target && { selector: target }),
    ...(active !== undefined && { active }),
    // A payload is replaced as a whole, but what it tells of the group stays.
    ...(payload && { payload: withoutGroup(payload) }),
  };
  const say = notesFor(command);
  say([
    ...(common.active ? [] : ['It stays inactive: it does not run.']),
    ...(group === live.group ? [] : groupNotes(group, nowMs)),
  ]);
  if (dry) {
    const changes = planChanges(group, common, live.records, nowMs);
    const count = (kind: string) => changes.filter(change => change.kind === kind).length;
    say([`It would create ${count('create')}, update ${count('update')} and delete ${count('delete')} dispatches.`]);
    printGroup(command, plannedGroup(client.microgridId, group, common), 'Nothing was changed.');
    return;
  }
  const changed = await changeGroup(client, live, { group, common }, { note });
  printGroup(command, changed, 'Group updated.');
}

/** The end of a group, at the same time of the local clock in another zone. */
function lastTimeIn(zone: string | undefined, group: Group): number | undefined {
  const { untilMs, zone: own } = group;
  if (untilMs === null) return undefined;
  if (zone === undefined || own === null || zone === own) return untilMs;
  return instantOf(zone, untilMs + offsetAt(own, untilMs));
}

async function changedGroup(group: Group, options: GroupOptions, nowMs: number): Promise<Group> {
  const { startTime, duration, noDuration, noRecurrence, until, timeZone, to, frequency, rrule } = options;
  if (noDuration) throw new OperationFailed('FAILED_PRECONDITION', 'A group needs a duration.');
  if (noRecurrence) {
    throw new OperationFailed(
      'FAILED_PRECONDITION',
      'A group needs a rule: delete it, and create a dispatch that runs once.',
    );
  }
  const ofSchedule = [startTime, duration, until, timeZone, to, frequency, rrule];
  const isUntilOnly = until !== undefined && frequency === undefined;
  const zone = timeZone ?? group.zone ?? undefined;
  const rule = isUntilOnly ? undefined : await readRecurrence(options, nowMs, zone);
  if (ofSchedule.every(option => option === undefined)) return group;
  const startTimeMs =
    startTime === undefined
      ? group.startTimeMs
      : (await parseTime(startTime, { nowMs, ahead: true, timeZone: zone })).getTime();
  if (group.zone === null) {
    if (timeZone !== undefined || to !== undefined || isUntilOnly) {
      throw new OperationFailed(
        'FAILED_PRECONDITION',
        `Group ${group.id} is a dispatch with skipped runs, whose rule is in UTC: give a whole rule.`,
      );
    }
    return { ...group, startTimeMs, rule: rule ?? group.rule, durationMs: duration ?? group.durationMs };
  }
  const untilMs = isUntilOnly
    ? (await parseLastTime(until, { nowMs, ahead: true, timeZone: zone })).getTime()
    : (rule?.untilMs ?? lastTimeIn(zone, group));
  const wall: RecurrenceRule = { ...(rule ?? group.rule), ...(untilMs !== undefined && { untilMs }) };
  const base = startTime === undefined && untilMs !== undefined ? rebased(group, untilMs, nowMs) : startTimeMs;
  const toMinute = to ?? (duration === undefined ? group.toMinute : null);
  const input = {
    zone: zone ?? group.zone,
    startTimeMs: base,
    rule: wall,
    durationMs: duration ?? group.durationMs,
    toMinute,
  };
  const changed = newGroup(input, group.id);
  return { ...changed, exceptions: movedExceptions(group, changed) };
}
