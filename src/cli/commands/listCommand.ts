import type { Command } from 'commander';

import type { ListOptions } from '../../client/requests.js';
import { Dispatch } from '../../dispatch.js';
import type { Selector } from '../../model/selector.js';
import { printsJson } from '../globalOptions.js';
import { parseTime } from '../input/parseTime.js';
import {
  listOf,
  parseBoolean,
  parseCount,
  parseId,
  parseIds,
  parseInteger,
  parseName,
  parseNonEmpty,
  repeated,
} from '../input/parseValue.js';
import { UsageError } from '../input/usageError.js';
import { OperationFailed } from '../operationFailed.js';
import { COLUMN_NAMES, type ColumnName, DEFAULT_COLUMNS, dispatchColumns } from '../output/dispatchColumns.js';
import { drained, note, print, printJson, terminalWidth } from '../output/print.js';
import { rowPrinter } from '../output/rowPrinter.js';
import { parseSelector } from '../selectorText.js';
import { withMicrogrid } from '../withMicrogrid.js';

const SORT_FIELDS = { 'start-time': 'startTime', 'create-time': 'createTime', 'update-time': 'updateTime' } as const;
const TIMES = ['startFrom', 'startTo', 'endFrom', 'endTo', 'updateFrom', 'updateTo'] as const;

interface ListCommandOptions extends Partial<Record<(typeof TIMES)[number], string>> {
  readonly target?: readonly Selector[];
  readonly active?: boolean;
  readonly dryRun?: boolean;
  readonly recurring?: boolean;
  readonly dispatchIds?: readonly number[];
  readonly filterQueries?: readonly string[];
  readonly sort?: keyof typeof SORT_FIELDS;
  readonly order?: 'ascending' | 'descending';
  readonly pageSize?: number;
  readonly limit?: number;
  readonly columns?: readonly ColumnName[];
  readonly running?: boolean;
  readonly type?: string;
}

/** Adds `list`, which lists the dispatches of a microgrid that pass the filters. */
export function listCommand(program: Command): void {
  program
    .command('list')
    .summary('list dispatches')
    .description('List the dispatches of a microgrid that pass all filters, newest first.')
    .argument('<microgrid-id>', 'id of the microgrid', parseId)
    .optionsGroup('Filters (of the service):')
    .option('-t, --target <target>', 'for at least one of these components; may be repeated', repeated(parseSelector))
    .option('--start-from <time>', 'start time at or after')
    .option('--start-to <time>', 'start time before')
    .option('--end-from <time>', 'end time at or after, or no end')
    .option('--end-to <time>', 'end time before')
    .option('--update-from <time>', 'last update at or after')
    .option('--update-to <time>', 'last update before')
    .option('--active <bool>', 'active (true) or inactive (false)', parseBoolean)
    .option('--dry-run <bool>', 'dry runs (true) or real runs (false)', parseBoolean)
    .option('--recurring <bool>', 'with (true) or without (false) a recurrence rule', parseBoolean)
    .option('--dispatch-ids <ids>', 'ids or ranges: 1,2 or 1-3; may be repeated', parseIds)
    .option('--filter-queries <text>', "part of the type, or '#4' for the id 4; may be repeated", repeated(String))
    .optionsGroup('Filters (of this command):')
    .option('--running [bool]', 'running now (true, or no value), or not (false)', parseBoolean)
    .option('-T, --type <type>', 'exactly this type', parseNonEmpty)
    .optionsGroup('Order and output:')
    .option(
      '--sort <field>',
      'start-time, create-time or update-time (default: create-time)',
      parseName(sortFieldNames()),
    )
    .option('--order <order>', 'ascending or descending; needs --sort', parseName(['ascending', 'descending'] as const))
    .option('--limit <n>', 'maximum number of dispatches to print', parseCount)
    .option('--columns <names>', `columns to print, of ${COLUMN_NAMES.join(', ')}`, listOf(parseName(COLUMN_NAMES)))
    .option('--page-size <n>', 'number of dispatches per request', parseInteger)
    .addHelpText(
      'after',
      `
Examples:
  $ dispatch list 1
  $ dispatch list 1 --running --type CHARGE
  $ dispatch list 1 --target BATTERY --start-from today --start-to tomorrow --sort start-time
  $ dispatch list 1 --limit 20 --columns id,type,state,next
  $ dispatch list 1 --active true --recurring true --json`,
    )
    .action(list);
}

async function list(microgridId: number, options: ListCommandOptions, command: Command): Promise<void> {
  const json = printsJson(command);
  const request = await readListOptions(options);
  const { limit = Number.POSITIVE_INFINITY, columns = DEFAULT_COLUMNS } = options;
  const table = rowPrinter(dispatchColumns(columns, Date.now()), {
    width: terminalWidth(),
    print,
    onLeftOut: names => note(`The terminal is too narrow for ${names.join(', ')}; choose with --columns.`),
  });
  let [shown, filteredOut, unreadable] = [0, 0, 0];
  let isCut = false;
  await withMicrogrid(command, microgridId, async client => {
    pages: for await (const { dispatches, problems } of client.listPages(request)) {
      for (const dispatch of dispatches.map(record => new Dispatch(record))) {
        if (!passes(dispatch, options)) {
          filteredOut += 1;
          continue;
        }
        isCut = shown === limit;
        if (isCut) break pages;
        if (json) printJson(dispatch);
        else table.print(dispatch);
        shown += 1;
      }
      for (const problem of problems) note(`problem: ${problem.message}`);
      unreadable += problems.length;
      await drained();
    }
  });
  if (!json) {
    table.end();
    print(isCut ? `The first ${shown} dispatches.` : `${shown} dispatches, ${filteredOut} filtered out.`);
  }
  if (unreadable > 0) throw new OperationFailed(`${unreadable} dispatches could not be decoded.`);
}

/** Filters that the service does not have. */
function passes(dispatch: Dispatch, { running, type }: ListCommandOptions): boolean {
  if (type !== undefined && dispatch.type !== type) return false;
  return running === undefined || running === (dispatch.running(dispatch.type) === 'RUNNING');
}

async function readListOptions(options: ListCommandOptions): Promise<ListOptions> {
  const { target, active, dryRun, recurring, dispatchIds, filterQueries, sort, order, pageSize } = options;
  if (order && !sort) throw new UsageError('--order needs --sort.');
  const nowMs = Date.now();
  const times: { [name in (typeof TIMES)[number]]?: Date } = {};
  for (const name of TIMES) {
    const text = options[name];
    if (text !== undefined) times[name] = await parseTime(text, { nowMs, ahead: false });
  }
  return {
    ...times,
    ...(target && { selectors: target }),
    ...(active !== undefined && { active }),
    ...(dryRun !== undefined && { dryRun }),
    ...(recurring !== undefined && { recurring }),
    ...(dispatchIds && { ids: dispatchIds }),
    ...(filterQueries && { queries: filterQueries }),
    ...(sort && { sort: { field: SORT_FIELDS[sort], ...(order && { order }) } }),
    ...(pageSize !== undefined && { pageSize }),
  };
}

function sortFieldNames(): (keyof typeof SORT_FIELDS)[] {
  return Object.keys(SORT_FIELDS) as (keyof typeof SORT_FIELDS)[];
}
