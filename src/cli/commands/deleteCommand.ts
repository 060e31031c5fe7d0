import type { Command } from 'commander';
import { findTargets, type TargetId, targetText } from '../../planning/groups/targets.js';
import { writeGroup } from '../../planning/groups/writeGroup.js';
import { forEachId } from '../forEachId.js';
import { printsJson } from '../globalOptions.js';
import { NOTE_OPTION } from '../input/noteOption.js';
import { parseTargetIds, TARGET_IDS } from '../input/parseTargetIds.js';
import { parseId } from '../input/parseValue.js';
import { notesFor } from '../output/notesFor.js';
import { print, printJson } from '../output/print.js';
import { withMicrogrid } from '../withMicrogrid.js';

/** Adds `delete`, which deletes dispatches by id. */
export function deleteCommand(program: Command): void {
  program
    .command('delete')
    .summary('delete dispatches by id')
    .description(
      'Delete dispatches by id. A running one is stopped. The exit code is 1 when one of them cannot be deleted.',
    )
    .argument('<microgrid-id>', 'id of the microgrid', parseId)
    .argument('<dispatch-ids...>', TARGET_IDS, parseTargetIds)
    .option(...NOTE_OPTION)
    .addHelpText(
      'after',
      `
Examples:
  $ dispatch delete 1 42
  $ dispatch delete 1 1-3 7,9
  $ dispatch delete 1 g1f0c2d3e`,
    )
    .action(deleteDispatches);
}

async function deleteDispatches(
  microgridId: number,
  ids: readonly TargetId[],
  { note }: { readonly note?: string },
  command: Command,
): Promise<void> {
  const json = printsJson(command);
  const deleted: string[] = [];
  try {
    await withMicrogrid(command, microgridId, async client => {
      const targets = await findTargets(client, ids, { say: notesFor(command) });
      const remove = async (id: TargetId) => {
        const live = targets.groupOf(id);
        if (live === null) await client.delete(Number(id), { note });
        else await writeGroup(client, live, { ...live, step: 'delete' }, { note, nowMs: Date.now() });
        deleted.push(targetText(id, live));
        if (json) printJson({ deleted: id });
      };
      await forEachId(targets.ids, { verb: 'delete', noun: 'deletions', json }, remove);
    });
  } finally {
    // Also when the service fails midway: these are deleted.
    if (!json && deleted.length > 0) print(`Dispatches deleted: ${deleted.join(', ')}`);
  }
}
