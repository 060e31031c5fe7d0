import type { Command } from 'commander';
import { Dispatch } from '../../dispatch.js';
import { clockText } from '../../planning/timeText.js';
import { printsJson } from '../globalOptions.js';
import { parseId } from '../input/parseValue.js';
import { pc } from '../output/colours.js';
import { dispatchLine } from '../output/dispatchText.js';
import { note, printJson } from '../output/print.js';
import { printText } from '../output/printText.js';
import { endProgress } from '../output/progress.js';
import { untilInterrupted } from '../untilInterrupted.js';
import { withMicrogrid } from '../withMicrogrid.js';

/** Adds `watch`, which prints the changes of dispatches as they happen. */
export function watchCommand(program: Command): void {
  program
    .command('watch')
    .alias('stream')
    .summary('print changes of dispatches as they happen')
    .description(
      'Print each dispatch that is created, updated or deleted, until SIGINT or SIGTERM.\n\n' +
        'When the stream is lost, the command fails with exit code 4. To act on dispatches use follow, which reconnects.',
    )
    .argument('<microgrid-id>', 'id of the microgrid', parseId)
    .addHelpText(
      'after',
      `
When the reader has closed its stdout, as in "dispatch watch 1 | head -1", watch ends with the next line that it prints: Node.js does not learn of
it before.

Examples:
  $ dispatch watch 1
  $ dispatch watch 1 --json | jq .dispatch.id`,
    )
    .action(watch);
}

async function watch(microgridId: number, _: object, command: Command): Promise<void> {
  const json = printsJson(command);
  using interrupted = untilInterrupted();
  await withMicrogrid(command, microgridId, async client => {
    try {
      const changes = client.watchRecords({ signal: interrupted });
      await changes.opened;
      endProgress();
      note(`watching microgrid ${microgridId}`);
      for await (const change of changes) {
        if (change.kind === 'problem') {
          note(`problem: ${change.problem.message}`);
          continue;
        }
        const dispatch = new Dispatch(change.dispatch, { deleted: change.kind === 'deleted' });
        if (json) printJson({ event: change.kind, dispatch });
        else printText(changeText(change.kind, dispatch, Date.now()));
      }
    } catch (error) {
      if (!interrupted.aborted) throw error;
    }
  });
}

const COLOURS = { created: 'green', updated: 'cyan', deleted: 'red' } as const;

function changeText(kind: keyof typeof COLOURS, dispatch: Dispatch, nowMs: number): string {
  return `${pc.dim(clockText(nowMs))}  ${pc[COLOURS[kind]](kind)}  ${dispatchLine(dispatch, nowMs)}`;
}
