import type { Command } from 'commander';
import { findTargets, type TargetId } from '../../planning/groups/targets.js';
import { forEachId } from '../forEachId.js';
import { printsJson } from '../globalOptions.js';
import { parseTargetIds, TARGET_IDS } from '../input/parseTargetIds.js';
import { parseId } from '../input/parseValue.js';
import { notesFor } from '../output/notesFor.js';
import { printGroup } from '../output/printGroup.js';
import { printResult } from '../output/printResult.js';
import { withMicrogrid } from '../withMicrogrid.js';

/** Adds `get`, which prints dispatches by id. */
export function getCommand(program: Command): void {
  program
    .command('get')
    .summary('print dispatches by id')
    .description('Print dispatches by id. The exit code is 1 when one of them cannot be read.')
    .argument('<microgrid-id>', 'id of the microgrid', parseId)
    .argument('<dispatch-ids...>', TARGET_IDS, parseTargetIds)
    .addHelpText(
      'after',
      `
Examples:
  $ dispatch get 1 42
  $ dispatch get 1 1-3 7,9 --json`,
    )
    .action(get);
}

async function get(microgridId: number, ids: readonly TargetId[], _: object, command: Command): Promise<void> {
  const json = printsJson(command);
  await withMicrogrid(command, microgridId, async client => {
    const targets = await findTargets(client, ids, { say: notesFor(command), readOnly: true });
    const show = async (id: TargetId) => {
      const live = targets.groupOf(id);
      if (live === null) printResult(command, await client.get(Number(id)));
      else printGroup(command, live);
    };
    await forEachId(targets.ids, { verb: 'get', noun: 'gets', json }, show);
  });
}
