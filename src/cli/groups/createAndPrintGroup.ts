import type { Command } from 'commander';

import { checkStored } from '../../planning/groups/changeGroup.js';
import { checkCreation, createGroup } from '../../planning/groups/createGroup.js';
import type { Group } from '../../planning/groups/group.js';
import { groupNotes } from '../../planning/groups/groupNotes.js';
import { type Common, planChanges } from '../../planning/groups/planChanges.js';
import { plannedGroup } from '../../planning/groups/plannedGroup.js';
import { isEmpty } from '../../planning/planned.js';
import { notesFor } from '../output/notesFor.js';
import { printDone } from '../output/printDone.js';
import { printGroup } from '../output/printGroup.js';
import { rehearseGroup } from '../rehearse.js';
import { withMicrogrid } from '../withMicrogrid.js';

/** Options of {@link createAndPrintGroup}. */
export interface CreateGroupOptions {
  readonly note?: string | undefined;
  /** Whether to show only what would be created. */
  readonly dry?: true | undefined;
  /** Whether it was told already that the zone skips the start, where it does. */
  readonly isStartTold: boolean;
}

/** How far in the past a start still counts as now. */
const PAST_MS = 5_000;

/** Creates the dispatches of a group, tells what may surprise about them, and prints it. */
export async function createAndPrintGroup(
  microgridId: number,
  group: Group,
  common: Common,
  { note, dry, isStartTold }: CreateGroupOptions,
  command: Command,
): Promise<void> {
  const nowMs = Date.now();
  const say = notesFor(command);
  checkCreation(group, common, nowMs);
  say([
    ...(group.startTimeMs < nowMs - PAST_MS ? ['The start is in the past: runs before now are left out.'] : []),
    ...groupNotes(group, nowMs, { isStartTold }),
  ]);
  if (dry) await rehearseGroup(microgridId, planChanges(group, common, [], nowMs), nowMs);
  if (dry) return printGroup(command, plannedGroup(microgridId, group, common, nowMs), 'Nothing was created.');
  const written = await withMicrogrid(command, microgridId, async client => {
    if (await isEmpty(client)) say([`It is the first dispatch of microgrid ${microgridId}.`]);
    return createGroup(client, group, common, { note, nowMs });
  });
  await printDone(
    () => printGroup(command, written.live, `Group created: ${written.live.records.length} dispatches.`),
    `Group ${group.id} was created.`,
  );
  checkStored(written, group.id);
}
