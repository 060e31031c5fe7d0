import type { Command } from 'commander';

import type { JsonObject } from '../../model/dispatchRecord.js';
import type { Selector } from '../../model/selector.js';
import { changedGroup, type ScheduleChange } from '../../planning/groups/changedGroup.js';
import { changeGroup } from '../../planning/groups/changeGroup.js';
import { type Group, withoutGroup } from '../../planning/groups/group.js';
import { repairNotes } from '../../planning/groups/groupChangeText.js';
import { groupNotes } from '../../planning/groups/groupNotes.js';
import { groupRunningNotes } from '../../planning/groups/groupRunningNotes.js';
import type { LiveGroup } from '../../planning/groups/liveGroup.js';
import { lostRunNotes } from '../../planning/groups/movedGroup.js';
import { planChanges } from '../../planning/groups/planChanges.js';
import { plannedGroup } from '../../planning/groups/plannedGroup.js';
import type { PlanningClient } from '../../planning/planningClient.js';
import { minuteNotes } from '../input/minuteNotes.js';
import { parseLastTime, parseStart } from '../input/parseTime.js';
import { type RecurrenceOptions, readRecurrence } from '../input/recurrenceOptions.js';
import type { ZoneOptions } from '../input/zoneOptions.js';
import { OperationFailed } from '../operationFailed.js';
import { notesFor } from '../output/notesFor.js';
import { printGroup } from '../output/printGroup.js';
import { rehearseGroup } from '../rehearse.js';

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
export async function updateAndPrintGroup(
  client: PlanningClient,
  live: LiveGroup,
  options: GroupOptions,
  command: Command,
): Promise<void> {
  const nowMs = Date.now();
  const { target, active, payload, note, dry } = options;
  const schedule = await readSchedule(live.group, options, nowMs, notesFor(command));
  const group = changedGroup(live.group, schedule, nowMs);
  const common = {
    ...live.common,
    ...(target && { selector: target }),
    ...(active !== undefined && { active }),
    // A payload is replaced as a whole, but what it tells of the group stays.
    ...(payload && { payload: withoutGroup(payload) }),
  };
  const say = notesFor(command);
  const isStartTold = schedule.localStartMs !== undefined;
  const changes = planChanges(group, common, live.records, nowMs);
  say([
    ...(live.common.active || active !== undefined ? [] : ['It stays inactive: it does not run.']),
    ...repairNotes(live, nowMs),
    ...minuteNotes(schedule.rule, group.startTimeMs, group.zone),
    ...(group === live.group ? [] : groupNotes(group, nowMs, { isStartTold, before: live.group })),
    ...lostRunNotes(live.group, group, nowMs),
    ...groupRunningNotes(live.records, changes, nowMs),
  ]);
  if (dry) {
    await rehearseGroup(client.microgridId, changes, nowMs);
    const count = (kind: string) => changes.filter(change => change.kind === kind).length;
    say([`It would create ${count('create')}, update ${count('update')} and delete ${count('delete')} dispatches.`]);
    printGroup(command, plannedGroup(client.microgridId, group, common), 'Nothing was changed.');
    return;
  }
  const changed = await changeGroup(client, live, { group, common }, { note, nowMs });
  printGroup(command, changed, 'Group updated.');
}

/** Reads what options say of the schedule of a group; their times are in its zone, or in the one that they give. */
async function readSchedule(
  group: Group,
  options: GroupOptions,
  nowMs: number,
  say: (notes: readonly string[]) => void,
): Promise<ScheduleChange> {
  const { startTime, duration, noDuration, noRecurrence, until, timeZone, to, frequency } = options;
  if (noDuration) throw new OperationFailed('FAILED_PRECONDITION', 'A group needs a duration.');
  if (noRecurrence) {
    throw new OperationFailed(
      'FAILED_PRECONDITION',
      'A group needs a rule: delete it, and create a dispatch that runs once.',
    );
  }
  const zone = timeZone ?? group.zone ?? undefined;
  const times = { nowMs, ahead: true, timeZone: zone };
  const start =
    startTime === undefined ? undefined : await parseStart(startTime, { of: '--start-time', ...times, say });
  const isUntilOnly = until !== undefined && frequency === undefined;
  return {
    zone: timeZone,
    startTimeMs: start?.time.getTime(),
    localStartMs: start?.localMs,
    durationMs: duration,
    toMinute: to,
    rule: isUntilOnly ? undefined : await readRecurrence(options, nowMs, zone),
    untilMs: isUntilOnly ? (await parseLastTime(until, { of: '--until', ...times })).getTime() : undefined,
  };
}
