import type { Command } from 'commander';
import { withoutGroup } from '../../planning/groups/group.js';
import { parseDuration } from '../../planning/text/parseDuration.js';
import { NOTE_OPTION } from '../input/noteOption.js';
import { parseId } from '../input/parseValue.js';
import { printResult } from '../output/printResult.js';
import { withMicrogrid } from '../withMicrogrid.js';

/** Key of the payload of a copy that names the dispatch that was copied. */
const COPY_OF = '_copyOf';

/** Adds `run-now`, which runs a copy of a dispatch at once. */
export function runNowCommand(program: Command): void {
  program
    .command('run-now')
    .summary('run a copy of a dispatch once, now')
    .description(
      'Create a copy of a dispatch that starts now and runs once. The dispatch itself stays as it is. The payload of the copy names ' +
        `it as ${COPY_OF}.`,
    )
    .argument('<microgrid-id>', 'id of the microgrid', parseId)
    .argument('<dispatch-id>', 'id of the dispatch', parseId)
    .option('--duration <duration>', 'duration of the run, such as 10m (default: that of the dispatch)', parseDuration)
    .option(...NOTE_OPTION)
    .addHelpText(
      'after',
      `
Examples:
  $ dispatch run-now 1 42
  $ dispatch run-now 1 42 --duration 10m --note 'test after the repair'`,
    )
    .action(runNow);
}

async function runNow(
  microgridId: number,
  id: number,
  { duration, note }: { readonly duration?: number; readonly note?: string },
  command: Command,
): Promise<void> {
  const created = await withMicrogrid(command, microgridId, async client => {
    const { type, selector, durationMs, dryRun, payload } = await client.get(id);
    return client.create(
      {
        type,
        startTime: 'NOW',
        durationMs: duration ?? durationMs,
        selector,
        dryRun,
        payload: { ...withoutGroup(payload), [COPY_OF]: id },
      },
      { note },
    );
  });
  printResult(command, created, `Dispatch created, a copy of ${id}.`);
}
