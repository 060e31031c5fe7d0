import type { Command } from 'commander';
import pc from 'picocolors';

import type { DispatchEvent } from '../../dispatch.js';
import { globalOptions } from '../globalOptions.js';
import { parseId } from '../input/parseValue.js';
import { dispatchLine } from '../output/dispatchText.js';
import { note, print, printJson } from '../output/print.js';
import { clockText } from '../output/timeText.js';
import { untilInterrupted } from '../untilInterrupted.js';
import { withMicrogrid } from '../withMicrogrid.js';

/** Adds `watch`: the changes of dispatches as they happen. */
export function watchCommand(program: Command): void {
  program
    .command('watch')
    .alias('stream')
    .summary('print changes of dispatches as they happen')
    .description(
      'Print each created, updated and deleted dispatch from now on, until SIGINT or SIGTERM.\n\n' +
        'It is one stream: when that is lost it ends with 1. To act on dispatches use follow, which recovers by itself.',
    )
    .argument('<microgrid-id>', 'the microgrid', parseId)
    .addHelpText(
      'after',
      `
Examples:
  $ dispatch watch 1
  $ dispatch watch 1 --json | jq .dispatch.id`,
    )
    .action(watch);
}

async function watch(microgridId: number, _: object, command: Command): Promise<void> {
  const { json } = globalOptions(command);
  using interrupted = untilInterrupted();
  await withMicrogrid(command, microgridId, async client => {
    try {
      note(`watching microgrid ${microgridId}`);
      for await (const event of client.watch({ signal: interrupted })) {
        if (json) printJson({ event: event.type, dispatch: event.dispatch });
        else print(eventText(event, Date.now()));
      }
    } catch (error) {
      if (!interrupted.aborted) throw error;
    }
  });
}

const COLOURS = { created: pc.green, updated: pc.cyan, deleted: pc.red };

function eventText({ type, dispatch }: DispatchEvent, nowMs: number): string {
  return `${pc.dim(clockText(nowMs))}  ${COLOURS[type](type)}  ${dispatchLine(dispatch, nowMs)}`;
}
