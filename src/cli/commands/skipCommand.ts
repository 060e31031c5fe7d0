import type { Command } from 'commander';

import type { MicrogridClient } from '../../client/microgridClient.js';
import { changeGroup } from '../../planning/groups/changeGroup.js';
import { dispatchAsGroup } from '../../planning/groups/dispatchAsGroup.js';
import type { Group } from '../../planning/groups/group.js';
import { repairNotes } from '../../planning/groups/groupChangeText.js';
import { groupRunningNotes } from '../../planning/groups/groupRunningNotes.js';
import type { LiveGroup } from '../../planning/groups/liveGroup.js';
import { planChanges } from '../../planning/groups/planChanges.js';
import { plannedGroup } from '../../planning/groups/plannedGroup.js';
import { nextRun, runToSkip, type Starts, skippedRun } from '../../planning/groups/skippedRuns.js';
import { findTargets, type TargetId } from '../../planning/groups/targets.js';
import { PlanError } from '../../planning/planError.js';
import { zonedTimeText } from '../../planning/zonedTimeText.js';
import { DRY_OPTION } from '../input/dryOption.js';
import { NOTE_OPTION } from '../input/noteOption.js';
import { parseTargetId, TARGET_ID } from '../input/parseTargetIds.js';
import { parseLastTime, parseTime } from '../input/parseTime.js';
import { parseId } from '../input/parseValue.js';
import { notesFor } from '../output/notesFor.js';
import { printGroup } from '../output/printGroup.js';
import { withMicrogrid } from '../withMicrogrid.js';

interface SkipOptions {
  readonly note?: string;
  readonly dry?: true;
}

/** Adds `skip`, which leaves out one run of a recurring dispatch. */
export function skipCommand(program: Command): void {
  program
    .command('skip')
    .summary('leave out one run of a recurring dispatch')
    .description(
      'Leave out one run of a recurring dispatch or of a group; the others stay. Its dispatch starts later, or ends before it and another one goes ' +
        'on after it; they are a group then, and the dispatch keeps its id. A run that is skipped counts toward --count. A run that is on cannot be skipped: use pause.',
    )
    .argument('<microgrid-id>', 'id of the microgrid', parseId)
    .argument('<dispatch-id>', TARGET_ID, parseTargetId)
    .argument(
      '[run]',
      'its start, or its day when there is one run on it; of a group in its zone (default: the next run)',
    )
    .option(...NOTE_OPTION)
    .option(...DRY_OPTION)
    .addHelpText(
      'after',
      `
Examples:
  $ dispatch skip 1 42
  $ dispatch skip 1 42 2026-12-25 --note 'plant is closed'
  $ dispatch skip 1 g1f0c2d3e '2026-12-25 08:00' --dry`,
    )
    .action(changeRuns(toSkip, 'Run skipped'));
}

/** Adds `unskip`, which undoes `skip`. */
export function unskipCommand(program: Command): void {
  program
    .command('unskip')
    .summary('undo skip')
    .description('Let a run take place that was skipped and is still to come.')
    .argument('<microgrid-id>', 'id of the microgrid', parseId)
    .argument('<dispatch-id>', TARGET_ID, parseTargetId)
    .argument('[run]', 'its start, or its day; needed when several runs are skipped')
    .option(...NOTE_OPTION)
    .option(...DRY_OPTION)
    .addHelpText(
      'after',
      `
Examples:
  $ dispatch unskip 1 42
  $ dispatch unskip 1 g1f0c2d3e 2026-12-25 --dry`,
    )
    .action(changeRuns(toUnskip, 'Run not skipped any more'));
}

/** A run whose start is named, or null; and what is skipped of the group then. */
type Choice = (
  live: LiveGroup,
  starts: Starts | null,
  nowMs: number,
) => { readonly atMs: number; readonly exceptions: number[] };

const toSkip: Choice = (live, starts, nowMs) => {
  const atMs = starts === null ? nextRun(live, nowMs) : runToSkip(live, starts, nowMs);
  return { atMs, exceptions: [...live.group.exceptions, atMs].sort((a, b) => a - b) };
};

const toUnskip: Choice = (live, starts, nowMs) => {
  const atMs = skippedRun(live, starts ?? undefined, nowMs);
  return { atMs, exceptions: live.group.exceptions.filter(at => at !== atMs) };
};

/** Changes which runs of a dispatch or group are skipped. */
function changeRuns(choose: Choice, said: string) {
  return async (
    microgridId: number,
    id: TargetId,
    run: string | undefined,
    { note, dry }: SkipOptions,
    command: Command,
  ): Promise<void> => {
    await withMicrogrid(command, microgridId, async client => {
      const targets = await findTargets(client, [id], { say: notesFor(command), readOnly: dry });
      const [found = id] = targets.ids;
      const live = targets.groupOf(found) ?? (await asGroup(client, Number(found), choose));
      const nowMs = Date.now();
      const starts = run === undefined ? null : await parseStarts(run, live.group, nowMs);
      const { atMs, exceptions } = choose(live, starts, nowMs);
      const changes = planChanges({ ...live.group, exceptions }, live.common, live.records, nowMs);
      notesFor(command)([...repairNotes(live, nowMs), ...groupRunningNotes(live.records, changes, nowMs)]);
      if (dry) {
        const planned = plannedGroup(microgridId, { ...live.group, exceptions }, live.common);
        return printGroup(command, planned, 'Nothing was changed.');
      }
      const changed = await changeGroup(client, live, { group: { exceptions } }, { note, nowMs });
      printGroup(command, changed, `${said}: ${textOf(live, atMs)}`);
    });
  };
}

/** The group that a single dispatch is to become. */
async function asGroup(client: MicrogridClient, id: number, choose: Choice): Promise<LiveGroup> {
  const { record } = await client.get(id);
  if (choose === toUnskip && (record.recurrence === null || record.durationMs === null)) {
    throw new PlanError('FAILED_PRECONDITION', `Dispatch ${id} runs once: it has no run that is skipped.`);
  }
  return dispatchAsGroup(record);
}

/** Reads when a run starts, by its time or its day, in the zone of its group. */
async function parseStarts(text: string, { zone }: Group, nowMs: number): Promise<Starts> {
  const options = { of: '[run]', nowMs, ahead: true, timeZone: zone ?? undefined };
  const fromMs = (await parseTime(text, options)).getTime();
  return { fromMs, lastMs: (await parseLastTime(text, options)).getTime() };
}

function textOf({ group }: LiveGroup, atMs: number): string {
  return zonedTimeText(atMs, group.zone ?? 'UTC');
}
