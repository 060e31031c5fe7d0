import type { Command } from 'commander';
import { findOverlaps, type Overlap } from '../../planning/findOverlaps.js';
import { printable } from '../../planning/text/printable.js';
import { timeText } from '../../planning/timeText.js';
import { printsJson } from '../globalOptions.js';
import { checkSpan } from '../input/checkSpan.js';
import { parseTime } from '../input/parseTime.js';
import { parseCount, parseId, parseIds } from '../input/parseValue.js';
import { countText } from '../output/countText.js';
import { targetText } from '../output/dispatchText.js';
import { print, printJson } from '../output/print.js';
import { printText } from '../output/printText.js';
import { tellProgress } from '../output/progress.js';
import { withMicrogrid } from '../withMicrogrid.js';

interface OverlapsOptions {
  readonly from: string;
  readonly to: string;
  readonly dispatchIds?: readonly number[];
  readonly limit: number;
}

/** Adds `overlaps`, which finds runs for the same components at the same time. */
export function overlapsCommand(program: Command): void {
  program
    .command('overlaps')
    .summary('find runs for the same components at the same time')
    .description(
      'Find runs of different dispatches that are for the same components at the same time. A dispatch for component ids and one for ' +
        'categories may mean the same component, and count. Dry runs overlap only dry runs.',
    )
    .argument('<microgrid-id>', 'id of the microgrid', parseId)
    .option('--from <time>', 'start of the time to look at, such as 2026-04-01', 'now')
    .option('--to <time>', 'end of the time to look at', 'in 7 days')
    .option('--dispatch-ids <ids>', 'only overlaps with one of these: 1,2 or 1-3; may be repeated', parseIds)
    .option('--limit <n>', 'maximum number of overlaps to print, such as 20', parseCount, 100)
    .addHelpText(
      'after',
      `
Examples:
  $ dispatch overlaps 1
  $ dispatch overlaps 1 --dispatch-ids 42 --to 'in 30 days'`,
    )
    .action(overlaps);
}

async function overlaps(
  microgridId: number,
  { from, to, dispatchIds, limit }: OverlapsOptions,
  command: Command,
): Promise<void> {
  const nowMs = Date.now();
  const [fromMs, toMs] = [
    (await parseTime(from, { of: '--from', nowMs, ahead: false })).getTime(),
    (await parseTime(to, { of: '--to', nowMs, ahead: true })).getTime(),
  ];
  const isDefault = command.getOptionValueSource('to') === 'default';
  checkSpan({ from: new Date(fromMs), to: new Date(toMs) }, undefined, isDefault ? to : undefined);
  const json = printsJson(command);
  const records = await withMicrogrid(command, microgridId, async client => {
    const listed = [];
    for await (const { record } of client.list({ active: true, endFrom: new Date(fromMs) })) {
      listed.push(record);
      tellProgress(() => `${listed.length} dispatches read`);
    }
    return listed;
  });
  const wanted = ({ first, second }: Overlap) =>
    dispatchIds === undefined || dispatchIds.includes(first.id) || dispatchIds.includes(second.id);
  let printed = 0;
  for (const overlap of findOverlaps(records, fromMs, toMs)) {
    if (!wanted(overlap)) continue;
    if (printed === limit) {
      if (!json) print(`The first ${countText(limit, 'overlap')}.`);
      return;
    }
    printed += 1;
    if (json) printJson({ ids: [overlap.first.id, overlap.second.id], ...overlap.run });
    else printText(overlapText(overlap));
  }
  if (!json) print(`${countText(printed, 'overlap')}.`);
}

function overlapText({ first, second, run: { startMs, endMs } }: Overlap): string {
  const names = [first, second].map(({ id, type, selector }) => `${id} ${printable(type)} (${targetText(selector)})`);
  const end = endMs === null ? 'without end' : `to ${timeText(new Date(endMs))}`;
  return `${timeText(new Date(startMs))} ${end}  ${names.join(' and ')}`;
}
