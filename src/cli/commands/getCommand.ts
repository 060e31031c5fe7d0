import type { Command } from 'commander';
import { forEachId } from '../forEachId.js';
import { printsJson } from '../globalOptions.js';
import { parseId, parseIds } from '../input/parseValue.js';
import { OperationFailed } from '../operationFailed.js';
import { printResult } from '../output/printResult.js';
import { withMicrogrid } from '../withMicrogrid.js';

/** Adds `get`, which prints dispatches by id. */
export function getCommand(program: Command): void {
  program
    .command('get')
    .summary('print dispatches by id')
    .description('Print dispatches by id. The exit code is 1 when one of them cannot be read.')
    .argument('<microgrid-id>', 'id of the microgrid', parseId)
    .argument('<dispatch-ids...>', 'ids or ranges: 7, 1,2,3, 1-3 or 1..3', parseIds)
    .addHelpText(
      'after',
      `
Examples:
  $ dispatch get 1 42
  $ dispatch get 1 1-3 7,9 --json`,
    )
    .action(get);
}

async function get(microgridId: number, ids: readonly number[], _: object, command: Command): Promise<void> {
  const json = printsJson(command);
  const { done, failed } = await withMicrogrid(command, microgridId, client =>
    forEachId(ids, 'get', async id => printResult(command, await client.get(id)), json),
  );
  if (failed.length > 0) throw new OperationFailed(done.length === 0 ? 'All gets failed.' : 'Some gets failed.');
}
