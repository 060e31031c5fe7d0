import type { Interval } from '../../proto/gen/frequenz/api/common/v1alpha8/types/interval.js';
import {
  type DispatchFilter,
  type ListMicrogridDispatchesRequest,
  SortField,
  type SortOptions,
  SortOrder,
} from '../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import type { Timestamp } from '../../proto/gen/google/protobuf/timestamp.js';
import { DispatchError } from '../model/dispatchError.js';
import { decodeId } from '../wire/integerCodec.js';
import { timestampProblem } from '../wire/timestampCodec.js';
import type { ListFilter, ListQuery, Range, SortColumn } from './dispatchStore.js';
import { decodePageToken, type Page } from './pageToken.js';
import { searchKeys } from './targetKeys.js';
import { microsAtOrAfter, secondsAtOrAfter } from './timestamps.js';

const DEFAULT_PAGE_SIZE = 100;
const MAX_PAGE_SIZE = 1000;

/** What a list request asks for, in the terms of a store. */
export interface ListRequest {
  readonly microgridId: number;
  readonly query: ListQuery;
  readonly page: Page;
}

/**
 * Reads a list request. Without a sort field or order the newest come first; without a page size, or with 0, pages have
 * 100 items, and never more than 1,000.
 *
 * @throws DispatchError INVALID_ARGUMENT naming the field that is wrong.
 */
export function readListRequest(request: ListMicrogridDispatchesRequest): ListRequest {
  const microgridId = decodeId(request.microgridId, 'microgrid_id');
  const query = {
    filter: request.filter ? readFilter(request.filter) : {},
    sort: readSort(request.sortOptions),
  };
  const params = request.paginationParams?.params;
  if (params?.$case === 'pageToken') {
    return { microgridId, query, page: decodePageToken(microgridId, query, params.value) };
  }
  const size = Math.min(params?.value || DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE);
  return { microgridId, query, page: { size, place: null } };
}

function readFilter(filter: DispatchFilter): ListFilter {
  const { isActive, isDryRun, recurrence, dispatchIds, queries } = filter;
  const recurring = recurrence?.$case === 'isRecurring' ? recurrence.value : undefined;
  const startS = readInterval('start_time_interval', filter.startTimeInterval, secondsAtOrAfter);
  const endS = readInterval('end_time_interval', filter.endTimeInterval, secondsAtOrAfter);
  const updateUs = readInterval('update_time_interval', filter.updateTimeInterval, microsAtOrAfter);
  return {
    ...(filter.targets.length > 0 && { targetKeys: readTargets(filter) }),
    ...(isActive !== undefined && { active: isActive }),
    ...(isDryRun !== undefined && { dryRun: isDryRun }),
    ...(recurring !== undefined && { recurring }),
    ...(startS && { startS }),
    ...(endS && { endS }),
    ...(updateUs && { updateUs }),
    ...(dispatchIds.length > 0 && { ids: dispatchIds.map(id => decodeId(id, 'filter.dispatch_ids')) }),
    ...(queries.length > 0 && { queries: readQueries(queries) }),
  };
}

function readTargets({ targets }: DispatchFilter): string[] {
  const keys = targets.flatMap((target, index) => {
    const found = searchKeys(target);
    if (found.length === 0)
      throw invalid(`filter.targets[${index}]`, 'must name at least one component id or category');
    return found;
  });
  return [...new Set(keys)];
}

/** `#4` is the id 4; another text is a part of the type. */
function readQueries(queries: readonly string[]): NonNullable<ListFilter['queries']> {
  const isId = (query: string) => /^#\d+$/.test(query);
  return {
    // No dispatch has an id above the safe ones, so such a query finds nothing.
    ids: queries
      .filter(isId)
      .map(query => Number(query.slice(1)))
      .filter(Number.isSafeInteger),
    // Nor does a type hold what the service refuses in one.
    texts: queries.filter(query => !isId(query) && !query.includes('\0')),
  };
}

/** An interval in a store's unit: with whole units, `at or after` the first one at or after a bound is the same. */
function readInterval(name: string, interval: Interval | undefined, toUnit: (at: Timestamp) => number): Range | null {
  const { startTime, endTime } = interval ?? {};
  if (!startTime && !endTime) return null;
  const bound = (side: string, at: Timestamp | undefined): number | null => {
    const problem = at && timestampProblem(at);
    if (problem) throw invalid(`filter.${name}.${side}`, problem);
    return at ? toUnit(at) : null;
  };
  return { from: bound('start_time', startTime), to: bound('end_time', endTime) };
}

const COLUMNS: { readonly [field: number]: SortColumn } = {
  [SortField.UNSPECIFIED]: 'createUs',
  [SortField.START_TIME]: 'startS',
  [SortField.CREATE_TIME]: 'createUs',
  [SortField.LAST_UPDATE_TIME]: 'updateUs',
};

const DESCENDING: { readonly [order: number]: boolean } = {
  [SortOrder.UNSPECIFIED]: true,
  [SortOrder.ASCENDING]: false,
  [SortOrder.DESCENDING]: true,
};

function readSort(options: SortOptions | undefined): ListQuery['sort'] {
  const field = options?.sortField ?? SortField.UNSPECIFIED;
  const order = options?.sortOrder ?? SortOrder.UNSPECIFIED;
  const column = COLUMNS[field];
  const descending = DESCENDING[order];
  if (column === undefined) throw invalid('sort_options.sort_field', `${field} is unknown`);
  if (descending === undefined) throw invalid('sort_options.sort_order', `${order} is unknown`);
  return { column, descending };
}

function invalid(field: string, problem: string): DispatchError {
  return new DispatchError('INVALID_ARGUMENT', `${field}: ${problem}`, { field });
}
