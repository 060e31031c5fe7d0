import type { Command } from 'commander';

import type { ListOptions } from '../../client/requests.js';
import type { Dispatch } from '../../dispatch.js';
import type { Selector } from '../../model/selector.js';
import { checkSpan } from './checkSpan.js';
import { optionName } from './optionName.js';
import { parseTarget } from './parseTarget.js';
import { parseTime } from './parseTime.js';
import { parseBoolean, parseIds, parseNonEmpty, repeated } from './parseValue.js';

const SPANS = [
  ['startFrom', 'startTo'],
  ['endFrom', 'endTo'],
  ['updateFrom', 'updateTo'],
] as const;
const TIMES = SPANS.flat();

/** The options of {@link addListFilters}, as commander parses them. */
export interface ListFilters extends Partial<Record<(typeof TIMES)[number], string>> {
  readonly target?: readonly Selector[];
  readonly active?: boolean;
  readonly dryRun?: boolean;
  readonly recurring?: boolean;
  readonly dispatchIds?: readonly number[];
  readonly filterQueries?: readonly string[];
  readonly running?: boolean;
  readonly type?: string;
}

/** Adds the options that choose dispatches to a command. */
export function addListFilters(command: Command): Command {
  return command
    .optionsGroup('Filters (of the service):')
    .option(
      '-t, --target <target>',
      'for at least one of these components, such as 5 or BATTERY; may be repeated',
      repeated(parseTarget),
    )
    .option('--start-from <time>', 'start time at or after, such as today or 2026-04-01T14:00')
    .option('--start-to <time>', 'start time before, such as tomorrow')
    .option('--end-from <time>', 'end time at or after, such as now, or no end')
    .option('--end-to <time>', 'end time before, such as 2026-05-01')
    .option('--update-from <time>', 'last update at or after, such as yesterday')
    .option('--update-to <time>', "last update before, such as '1 hour ago'")
    .option('--active <bool>', 'active (true) or inactive (false)', parseBoolean)
    .option('--dry-run <bool>', 'dry runs (true) or real runs (false)', parseBoolean)
    .option('--recurring <bool>', 'with (true) or without (false) a recurrence rule', parseBoolean)
    .option('--dispatch-ids <ids>', 'ids or ranges: 1,2 or 1-3; may be repeated', parseIds)
    .option('--filter-queries <text>', "part of the type, or '#4' for the id 4; may be repeated", repeated(String))
    .optionsGroup('Filters (of this command):')
    .option('--running [bool]', 'running now (true, or no value), or not (false)', parseBoolean)
    .option('-T, --type <type>', 'exactly this type', parseNonEmpty);
}

/** Whether options leave out dispatches. */
export function isFilter(filters: ListFilters): boolean {
  const { target, active, dryRun, recurring, dispatchIds, filterQueries, running, type } = filters;
  const others = [target, active, dryRun, recurring, dispatchIds, filterQueries, running, type];
  return [...TIMES.map(name => filters[name]), ...others].some(value => value !== undefined);
}

/** Reads what the service filters by. */
export async function readListFilters(filters: ListFilters): Promise<ListOptions> {
  const { target, active, dryRun, recurring, dispatchIds, filterQueries } = filters;
  const nowMs = Date.now();
  const times: { [name in (typeof TIMES)[number]]?: Date } = {};
  for (const name of TIMES) {
    const text = filters[name];
    if (text !== undefined) times[name] = await parseTime(text, { of: optionName(name), nowMs, ahead: false });
  }
  for (const [from, to] of SPANS) {
    checkSpan({ from: times[from], to: times[to] }, [optionName(from), optionName(to)]);
  }
  return {
    ...times,
    ...(target && { selectors: target }),
    ...(active !== undefined && { active }),
    ...(dryRun !== undefined && { dryRun }),
    ...(recurring !== undefined && { recurring }),
    ...(dispatchIds && { ids: dispatchIds }),
    ...(filterQueries && { queries: filterQueries }),
  };
}

/** Whether a dispatch passes the filters that the service does not have. */
export function passesFilters(dispatch: Dispatch, { running, type }: ListFilters): boolean {
  if (type !== undefined && dispatch.type !== type) return false;
  return running === undefined || running === (dispatch.running(dispatch.type) === 'RUNNING');
}
