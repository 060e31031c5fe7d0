import type { Command } from 'commander';

import { forEachId } from '../forEachId.js';
import { printsJson } from '../globalOptions.js';
import { NOTE_OPTION } from '../input/noteOption.js';
import { parseId, parseIds } from '../input/parseValue.js';
import { OperationFailed } from '../operationFailed.js';
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
    .argument('<dispatch-ids...>', 'ids or ranges: 7, 1,2,3, 1-3 or 1..3', parseIds)
    .option(...NOTE_OPTION)
    .addHelpText(
      'after',
      `
Examples:
  $ dispatch delete 1 42
  $ dispatch delete 1 1-3 7,9`,
    )
    .action(deleteDispatches);
}

async function deleteDispatches(
  microgridId: number,
  ids: readonly number[],
  { note }: { readonly note?: string },
  command: Command,
): Promise<void> {
  const json = printsJson(command);
  const deleted: number[] = [];
  try {
    const { failed } = await withMicrogrid(command, microgridId, client =>
      forEachId(
        ids,
        'delete',
        async id => {
          await client.delete(id, { note });
          deleted.push(id);
          if (json) printJson({ deleted: id });
        },
        json,
      ),
    );
    if (failed.length === 0) return;
  } finally {
    // Also when the service fails midway: these are deleted.
    if (!json && deleted.length > 0) print(`Dispatches deleted: ${deleted.join(', ')}`);
  }
  throw new OperationFailed(deleted.length === 0 ? 'All deletions failed.' : 'Some deletions failed.');
}
