import type { Command } from 'commander';

import type { ListOptions } from '../../client/requests.js';
import { Dispatch } from '../../dispatch.js';
import { groupOf } from '../../planning/groups/group.js';
import { groupRows, type ListRow } from '../../planning/groups/groupRows.js';
import { groupState } from '../../planning/groups/groupWords.js';
import { type LiveGroup, readGroups } from '../../planning/groups/liveGroup.js';
import type { PlanningClient } from '../../planning/planningClient.js';
import { printsJson } from '../globalOptions.js';
import { addListFilters, isFilter, type ListFilters, passesFilters, readListFilters } from '../input/listFilters.js';
import { listOf, parseCount, parseId, parseName } from '../input/parseValue.js';
import { UsageError } from '../input/usageError.js';
import { OperationFailed } from '../operationFailed.js';
import { countText } from '../output/countText.js';
import { COLUMN_NAMES, type ColumnName, DEFAULT_COLUMNS, dispatchColumns } from '../output/dispatchColumns.js';
import { notesFor } from '../output/notesFor.js';
import { drained, note, print, printJson, terminalWidth } from '../output/print.js';
import { printText } from '../output/printText.js';
import { tellProgress } from '../output/progress.js';
import { rowPrinter } from '../output/rowPrinter.js';
import { withMicrogrid } from '../withMicrogrid.js';

const SORT_FIELDS = { 'start-time': 'startTime', 'create-time': 'createTime', 'update-time': 'updateTime' } as const;

interface ListCommandOptions extends ListFilters {
  readonly sort?: keyof typeof SORT_FIELDS;
  readonly order?: 'ascending' | 'descending';
  readonly pageSize?: number;
  readonly limit?: number;
  readonly columns?: readonly ColumnName[];
}

/** Adds `list`, which lists the dispatches of a microgrid that pass the filters. */
export function listCommand(program: Command): void {
  const command = program
    .command('list')
    .summary('list dispatches')
    .description(
      'List the dispatches of a microgrid that pass all filters, newest first. A group of dispatches is one row, with its rule in ' +
        'local time, and is shown when one of its dispatches passes; with --json each dispatch that passes is a line.',
    )
    .argument('<microgrid-id>', 'id of the microgrid', parseId);
  addListFilters(command)
    .optionsGroup('Order and output:')
    .option(
      '--sort <field>',
      'start-time, create-time or update-time (default: create-time)',
      parseName(sortFieldNames()),
    )
    .option('--order <order>', 'ascending or descending; needs --sort', parseName(['ascending', 'descending'] as const))
    .option('--limit <n>', 'maximum number of dispatches to print', parseCount)
    .option('--columns <names>', `columns to print, of ${COLUMN_NAMES.join(', ')}`, listOf(parseName(COLUMN_NAMES)))
    .option('--page-size <n>', 'number of dispatches per request, such as 500', parseCount)
    .addHelpText(
      'after',
      `
Examples:
  $ dispatch list 1
  $ dispatch list 1 --running --type CHARGE
  $ dispatch list 1 --target BATTERY --start-from today --start-to tomorrow --sort start-time
  $ dispatch list 1 --sort update-time --order ascending --update-from yesterday
  $ dispatch list 1 --limit 20 --columns id,type,state,next
  $ dispatch list 1 --active true --recurring true --json`,
    )
    .action(list);
}

async function list(microgridId: number, options: ListCommandOptions, command: Command): Promise<void> {
  const json = printsJson(command);
  const request = await readListOptions(options);
  const { limit = Number.POSITIVE_INFINITY, columns = DEFAULT_COLUMNS } = options;
  const nowMs = Date.now();
  const table = rowPrinter(dispatchColumns(columns, nowMs), {
    width: terminalWidth(),
    print,
    onLeftOut: names => note(`The terminal is too narrow for ${names.join(', ')}; choose with --columns.`),
  });
  const rows = groupRows(nowMs);
  let [shown, groups, filteredOut, unreadable] = [0, 0, 0, 0];
  let isCut = false;
  const take = (row: ListRow) => {
    // The dispatch of a group that runs is left out by the filter, the others are not.
    if (options.running === false && groupState(row.parts, nowMs).name === 'running') return;
    isCut ||= shown + groups === limit;
    if (isCut) return;
    table.print(row);
    if (row.group === null) shown += 1;
    else groups += 1;
  };
  await withMicrogrid(command, microgridId, async client => {
    let toPlace = json ? undefined : request.sort;
    const place = async () => {
      if (toPlace) rows.place(await listedGroups(client, request, options, nowMs), toPlace);
      toPlace = undefined;
    };
    if (mayComeBeforeItsDispatches(request, options)) await place();
    pages: for await (const { dispatches, problems } of client.listPages(request)) {
      for (const dispatch of dispatches.map(record => new Dispatch(record))) {
        if (!passesFilters(dispatch, options)) {
          filteredOut += 1;
          continue;
        }
        if (groupOf(dispatch.payload) !== null) await place();
        if (!json) for (const row of rows.rowsOf(dispatch)) take(row);
        else if (shown === limit) isCut = true;
        else {
          printJson(dispatch);
          shown += 1;
        }
        if (isCut) break pages;
      }
      for (const problem of problems) note(`problem: ${problem.message}`);
      unreadable += problems.length;
      tellProgress(() => `${shown + filteredOut} dispatches read`);
      await drained();
    }
    // Groups of which dispatches are missing, or did not pass the filters.
    if (json || isCut) return;
    const isFiltered = isFilter(options);
    for (const row of await rows.rest(isFiltered ? isWanted => readGroups(client, nowMs, isWanted) : undefined))
      take(row);
  });
  if (!json) {
    table.end();
    notesFor(command)(rows.notes());
    const counts = [countText(shown, 'dispatch', 'dispatches'), ...(groups > 0 ? [countText(groups, 'group')] : [])];
    const what = (isCut && shown === 0 ? counts.slice(1) : counts).join(', ');
    printText(isCut ? `The first ${what}.` : `${what}, ${filteredOut} filtered out.`);
  }
  if (unreadable > 0) throw new OperationFailed('UNDECODABLE', `${unreadable} dispatches could not be decoded.`);
}

/** Whether the row of a group may be one before all of its dispatches that are listed; otherwise groups are read when the first one comes. */
function mayComeBeforeItsDispatches({ sort }: ListOptions, options: ListCommandOptions): boolean {
  // The first run of a rule may be long after its start.
  return isFilter(options) || (sort?.field === 'startTime' && sort.order === 'descending');
}

/** The groups of which a dispatch passes the filters: where they come in an order only all of their dispatches tell. */
async function listedGroups(
  client: PlanningClient,
  request: ListOptions,
  options: ListCommandOptions,
  nowMs: number,
): Promise<LiveGroup[]> {
  if (request.recurring === false) return [];
  if (!isFilter(options)) return readGroups(client, nowMs);
  const listed = new Set<string>();
  for await (const { dispatches } of client.listPages({ ...request, recurring: true })) {
    for (const record of dispatches) {
      const id = groupOf(record.payload)?.group.id;
      if (id !== undefined && passesFilters(new Dispatch(record), options)) listed.add(id);
    }
  }
  return listed.size === 0 ? [] : readGroups(client, nowMs, id => listed.has(id));
}

async function readListOptions(options: ListCommandOptions): Promise<ListOptions> {
  const { sort, order, pageSize } = options;
  if (order && !sort) throw new UsageError('--order needs --sort.');
  return {
    ...(await readListFilters(options)),
    ...(sort && { sort: { field: SORT_FIELDS[sort], ...(order && { order }) } }),
    ...(pageSize !== undefined && { pageSize }),
  };
}

function sortFieldNames(): (keyof typeof SORT_FIELDS)[] {
  return Object.keys(SORT_FIELDS) as (keyof typeof SORT_FIELDS)[];
}
