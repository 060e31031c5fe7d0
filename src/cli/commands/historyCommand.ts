import type { Command } from 'commander';
import { instantText } from '../../planning/timeText.js';
import type { HistoryEntry, HistoryFilter } from '../../store/readHistory.js';
import { printsJson } from '../globalOptions.js';
import { addLogOptions, type LogOptions, readLogSpan } from '../input/logOptions.js';
import { listOf, parseId, parseIds, parseName, parseNonEmpty, repeated } from '../input/parseValue.js';
import { countText } from '../output/countText.js';
import { notificationDataText } from '../output/notificationText.js';
import { drained, print, printJson } from '../output/print.js';
import { printText } from '../output/printText.js';
import { storeFailure } from '../storeFailure.js';
import { untilInterrupted } from '../untilInterrupted.js';

const KINDS = {
  started: 'running.started',
  resumed: 'running.resumed',
  reconfigured: 'running.reconfigured',
  stopped: 'running.stopped',
  missed: 'run.missed',
} as const satisfies Record<string, HistoryEntry['notification']>;

interface HistoryCommandOptions extends LogOptions {
  readonly store: string;
  readonly dispatchIds?: readonly number[];
  readonly type?: readonly string[];
  readonly kind?: readonly (keyof typeof KINDS)[];
}

/** Adds `history`, which prints what a dispatcher announced. */
export function historyCommand(program: Command): void {
  const command = program
    .command('history')
    .summary('print what a dispatcher announced')
    .description(
      'Print what a dispatcher announced, newest first: when each run was started, resumed, reconfigured, stopped or missed, how late, and why. ' +
        'It reads the file of "follow --store", also while follow uses it.',
    )
    .argument('[microgrid-id]', 'id of the microgrid, if the file holds several', parseId)
    .requiredOption('--store <file>', 'file of the dispatcher', parseNonEmpty)
    .optionsGroup('Filters:')
    .option('--dispatch-ids <ids>', 'ids or ranges: 1,2 or 1-3; may be repeated', parseIds)
    .option('-T, --type <type>', 'exactly this type; may be repeated', repeated(parseNonEmpty))
    .option(
      '--kind <kinds>',
      `of ${Object.keys(KINDS).join(', ')}; may be repeated`,
      listOf(parseName(Object.keys(KINDS) as (keyof typeof KINDS)[])),
    );
  addLogOptions(command, {
    one: 'entry',
    several: 'entries',
    from: 'noticed at or after, such as yesterday or 2026-04-01T14:00',
    to: 'noticed before, such as today',
    written: 'written',
  })
    .addHelpText(
      'after',
      `
Times are in UTC. With --json each line is what "follow --json" printed, with "seq" and "microgridId".

Examples:
  $ dispatch history --store microgrid1.db --limit 20
  $ dispatch history --store microgrid1.db --dispatch-ids 42 --oldest-first
  $ dispatch history --store microgrid1.db --type CHARGE --kind missed,stopped --from yesterday --json
  $ dispatch history --store microgrid1.db --follow`,
    )
    .action(history);
}

async function history(
  microgridId: number | undefined,
  options: HistoryCommandOptions,
  command: Command,
): Promise<void> {
  const { store, oldestFirst, limit = Number.POSITIVE_INFINITY, follow } = options;
  const json = printsJson(command);
  const filter = { microgridId, ...(await readFilter(options)) };
  using interrupted = untilInterrupted();
  const { followHistory, readHistory } = await import('../../store/readHistory.js');
  const entries = follow
    ? followHistory(store, { ...filter, signal: interrupted })
    : readHistory(store, { ...filter, oldestFirst });
  let printed = 0;
  let isCut = false;
  try {
    for await (const entry of entries) {
      isCut = printed === limit;
      if (isCut || interrupted.aborted) break;
      if (json) printJson(entry);
      else printText(notificationDataText(entry, instantText));
      printed += 1;
      if (follow && printed === limit) break;
      await drained();
    }
  } catch (error) {
    if (error !== interrupted.reason) throw storeFailure(error);
  }
  if (!json && !follow) print(`${isCut ? 'The first ' : ''}${countText(printed, 'entry', 'entries')}.`);
}

async function readFilter({ dispatchIds, type, kind, ...span }: HistoryCommandOptions): Promise<HistoryFilter> {
  return {
    ids: dispatchIds,
    types: type,
    notifications: kind?.map(name => KINDS[name]),
    ...(await readLogSpan(span)),
  };
}
