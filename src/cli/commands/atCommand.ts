import type { Command } from 'commander';

import { mergeNothing } from '../../../machines/manage/mergeStrategy.js';
import { Dispatch } from '../../dispatch.js';
import { inForce } from '../../planning/inForce.js';
import { timeText } from '../../planning/timeText.js';
import { printsJson } from '../globalOptions.js';
import { MERGE_STRATEGIES, type MergeName, mergeOption } from '../input/mergeNames.js';
import { parseTime } from '../input/parseTime.js';
import { parseId } from '../input/parseValue.js';
import { dispatchLine } from '../output/dispatchText.js';
import { printJson } from '../output/print.js';
import { printText } from '../output/printText.js';
import { tellProgress } from '../output/progress.js';
import { withMicrogrid } from '../withMicrogrid.js';

/** Adds `at`, which prints what runs at a time. */
export function atCommand(program: Command): void {
  program
    .command('at')
    .summary('print what runs at a time')
    .description(
      'Print the dispatches that run at a time, or with --merge those that are in force: of several for the same thing, the one whose run began last.',
    )
    .argument('<microgrid-id>', 'id of the microgrid', parseId)
    .argument('[time]', 'the time', 'now')
    .addOption(mergeOption('merge by type or type-and-selector'))
    .addHelpText(
      'after',
      `
Examples:
  $ dispatch at 1
  $ dispatch at 1 'tomorrow at 9am' --merge
  $ dispatch at 1 --merge type-and-selector`,
    )
    .action(at);
}

async function at(
  microgridId: number,
  time: string,
  { merge }: { readonly merge?: MergeName },
  command: Command,
): Promise<void> {
  const atMs = (await parseTime(time, { of: '[time]', nowMs: Date.now(), ahead: true })).getTime();
  const records = await withMicrogrid(command, microgridId, async client => {
    const listed = [];
    const options = { active: true, startTo: new Date(atMs + 1), endFrom: new Date(atMs) };
    for await (const { record } of client.list(options)) {
      listed.push(record);
      tellProgress(() => `${listed.length} dispatches read`);
    }
    return listed;
  });
  const found = inForce(records, atMs, merge === undefined ? mergeNothing : MERGE_STRATEGIES[merge]);
  if (printsJson(command)) {
    for (const { record, run } of found) printJson({ ...new Dispatch(record).toJSON(), run });
    return;
  }
  for (const { record } of found) printText(dispatchLine(new Dispatch(record), atMs));
  printText(`${found.length} ${merge === undefined ? 'running' : 'in force'} at ${timeText(new Date(atMs))}.`);
}
