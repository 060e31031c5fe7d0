import type { Command } from 'commander';

import { Dispatch } from '../../dispatch.js';
import { printsJson } from '../globalOptions.js';
import { UsageError } from '../input/usageError.js';
import { OperationFailed } from '../operationFailed.js';
import { print, printJson } from '../output/print.js';
import { printResult } from '../output/printResult.js';
import { isEmpty, notesFor } from '../planning/planned.js';
import { withMicrogrid } from '../withMicrogrid.js';
import { checkStored } from './changeGroup.js';
import type { Group } from './group.js';
import { groupNotes } from './groupNotes.js';
import { groupJson, groupText, plannedDispatches } from './groupText.js';
import { type LiveGroup, readGroup } from './liveGroup.js';
import { type Common, planChanges } from './planChanges.js';
import { writeGroup } from './writeGroup.js';

/** Options of {@link createGroup}. */
export interface CreateGroupOptions {
  readonly note?: string | undefined;
  /** Whether to show only what would be created. */
  readonly dry?: true | undefined;
}

/** How far in the past a start still counts as now. */
const PAST_MS = 5_000;

/** Creates the dispatches of a group, from the last one to the first, and prints it. When one fails, those before it are deleted. */
export async function createGroup(
  microgridId: number,
  group: Group,
  common: Common,
  { note, dry }: CreateGroupOptions,
  command: Command,
): Promise<void> {
  const nowMs = Date.now();
  const say = notesFor(command);
  const changes = planChanges(group, common, [], nowMs);
  if (changes.length === 0) throw new UsageError('No run is to come: the end is in the past.');
  say([
    ...(group.startTimeMs < nowMs - PAST_MS ? ['The start is in the past: runs before now are left out.'] : []),
    ...groupNotes(group, nowMs),
  ]);
  if (dry) return printGroup(command, plannedGroup(microgridId, group, common, nowMs), 'Nothing was created.');
  const live = await withMicrogrid(command, microgridId, async client => {
    if (await isEmpty(client)) say([`It is the first dispatch of microgrid ${microgridId}.`]);
    await writeGroup(client, group, changes, { step: 'create', note });
    return readGroup(client, group.id);
  });
  if (live === null)
    throw new OperationFailed('INTERNAL', `The service does not list group ${group.id}, which it created.`);
  printGroup(command, live, `Group created: ${live.records.length} dispatches.`);
  checkStored(live, group, common, nowMs);
}

/**
 * A group that was not created; the ids of its dispatches are 0.
 *
 * @param atMs - when it would be: runs before are left out. Default: none is.
 */
export function plannedGroup(
  microgridId: number,
  group: Group,
  common: Common,
  atMs = Number.NEGATIVE_INFINITY,
): LiveGroup {
  const records = plannedDispatches(microgridId, group, common, atMs).map(({ record }) => record);
  const [anchor] = records;
  if (anchor === undefined) throw new Error(`group ${group.id} has no part`);
  return { group, common, step: null, anchor, records };
}

/** Prints a group, or the dispatch that is none any more, and the outcome of the command, or with --json its data. */
export function printGroup(command: Command, live: LiveGroup | Dispatch, outcome?: string): void {
  if (live instanceof Dispatch) {
    printResult(command, live, outcome);
    return;
  }
  if (printsJson(command)) {
    printJson(groupJson(live));
    return;
  }
  print(groupText(live, Date.now()));
  if (outcome !== undefined) print(outcome);
}
