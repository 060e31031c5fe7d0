import type { Interval } from '../../../proto/gen/frequenz/api/common/v1alpha8/types/interval.js';
import {
  type DispatchFilter,
  type ListMicrogridDispatchesRequest,
  SortField,
  type SortOptions,
  SortOrder,
  type TargetComponents,
} from '../../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import type { Timestamp } from '../../../proto/gen/google/protobuf/timestamp.js';
import { timestampProblem } from '../../wire/timestampCodec.js';
import { invalidField, refuseViolations, type Violation } from './invalidRequest.js';
import type { ListFilter, ListQuery, Range, SortColumn } from './listQuery.js';
import { decodePageToken, MAX_PAGE_SIZE, type Page } from './pageToken.js';
import { readId, UNASSIGNED_ID } from './requestIds.js';
import { componentCount, searchKeys } from './targetKeys.js';
import { microsAtOrAfter, secondsAtOrAfter } from './timestamps.js';

const DEFAULT_PAGE_SIZE = 100;

/** Limits of a filter. A component or an id is a search in an index; a query is searched in every type. */
const MAX_COMPONENTS = 1_000;
const MAX_IDS = 1_000;
const MAX_QUERIES = 100;

/** A list request in terms of a store. */
export interface ListRequest {
  /** {@link UNASSIGNED_ID} for a microgrid that has no dispatches. */
  readonly microgridId: number;
  readonly query: ListQuery;
  readonly page: Page;
}

/**
 * Reads a list request. The default order is newest first; the default page size, also for 0, is 100 items, the maximum 1,000.
 *
 * @throws DispatchError INVALID_ARGUMENT that names the invalid fields.
 */
export function readListRequest(request: ListMicrogridDispatchesRequest): ListRequest {
  const microgridId = readId(request.microgridId);
  const violations: Violation[] = [];
  const query = {
    filter: request.filter ? readFilter(request.filter, violations) : {},
    sort: readSort(request.sortOptions, violations),
  };
  refuseViolations(violations);
  return { microgridId, query, page: readPage(microgridId, query, request) };
}

function readPage(microgridId: number, query: ListQuery, { paginationParams }: ListMicrogridDispatchesRequest): Page {
  const params = paginationParams?.params;
  if (params?.$case !== 'pageToken') {
    return { size: Math.min(params?.value || DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE), place: null };
  }
  const page = decodePageToken(microgridId, query, params.value);
  if (page) return page;
  const problem = 'is not a token of this service for a list of this microgrid, filter and sort order';
  throw invalidField('pagination_params.page_token', problem);
}

function readFilter(filter: DispatchFilter, violations: Violation[]): ListFilter {
  const { targets, isActive, isDryRun, recurrence, dispatchIds, queries } = filter;
  const recurring = recurrence?.$case === 'isRecurring' ? recurrence.value : undefined;
  const interval = (name: string, at: Interval | undefined, toUnit: (at: Timestamp) => number) =>
    readInterval(`filter.${name}`, at, toUnit, violations);
  const startS = interval('start_time_interval', filter.startTimeInterval, secondsAtOrAfter);
  const endS = interval('end_time_interval', filter.endTimeInterval, secondsAtOrAfter);
  const updateUs = interval('update_time_interval', filter.updateTimeInterval, microsAtOrAfter);
  return {
    ...(targets.length > 0 && { targetKeys: readTargets(targets, violations) }),
    ...(isActive !== undefined && { active: isActive }),
    ...(isDryRun !== undefined && { dryRun: isDryRun }),
    ...(recurring !== undefined && { recurring }),
    ...(startS && { startS }),
    ...(endS && { endS }),
    ...(updateUs && { updateUs }),
    ...(dispatchIds.length > 0 && { ids: readIds(dispatchIds, violations) }),
    ...(queries.length > 0 && { queries: readQueries(queries, violations) }),
  };
}

function readTargets(targets: readonly TargetComponents[], violations: Violation[]): string[] {
  const field = 'filter.targets';
  const counts = targets.map(componentCount);
  const count = counts.reduce((sum, more) => sum + more, 0);
  if (targets.length > MAX_COMPONENTS || count > MAX_COMPONENTS) {
    const problem = `must name at most ${MAX_COMPONENTS} component ids and categories together`;
    violations.push({ field, problem });
    return [];
  }
  for (const [index, components] of counts.entries()) {
    if (components > 0) continue;
    violations.push({ field: `${field}[${index}]`, problem: 'must name at least one component id or category' });
  }
  return [...new Set(targets.flatMap(searchKeys))];
}

function readIds(ids: readonly bigint[], violations: Violation[]): number[] {
  if (!hasAtMost(MAX_IDS, ids, 'filter.dispatch_ids', violations)) return [];
  return ids.map(readId).filter(id => id !== UNASSIGNED_ID);
}

/** `#4` is the id 4; any other text is a part of the type. */
function readQueries(queries: readonly string[], violations: Violation[]): NonNullable<ListFilter['queries']> {
  if (!hasAtMost(MAX_QUERIES, queries, 'filter.queries', violations)) return { ids: [], texts: [] };
  const isId = (query: string) => /^#\d+$/.test(query);
  return {
    // No dispatch has an id above 2^53-1, so such a query matches nothing.
    ids: queries
      .filter(isId)
      .map(query => Number(query.slice(1)))
      .filter(Number.isSafeInteger),
    // No type contains a character that the service refuses in types.
    texts: queries.filter(query => !isId(query) && !query.includes('\0')),
  };
}

function hasAtMost(most: number, entries: readonly unknown[], field: string, violations: Violation[]): boolean {
  if (entries.length <= most) return true;
  violations.push({ field, problem: `must have at most ${most} entries, not ${entries.length}` });
  return false;
}

/**
 * Converts an interval to the unit of a store. Bounds are rounded up, which is exact for stored values in whole units. An interval
 * that ends where it begins or before is empty, so that nothing matches.
 */
function readInterval(
  field: string,
  interval: Interval | undefined,
  toUnit: (at: Timestamp) => number,
  violations: Violation[],
): Range | null {
  const { startTime, endTime } = interval ?? {};
  if (!startTime && !endTime) return null;
  const bound = (side: string, at: Timestamp | undefined): number | null => {
    const problem = at ? timestampProblem(at) : null;
    if (problem !== null) violations.push({ field: `${field}.${side}`, problem });
    return at && problem === null ? toUnit(at) : null;
  };
  return { from: bound('start_time', startTime), to: bound('end_time', endTime) };
}

const COLUMNS: { readonly [field: number]: SortColumn } = {
  [SortField.UNSPECIFIED]: 'createUs',
  [SortField.START_TIME]: 'startS',
  [SortField.CREATE_TIME]: 'createUs',
  [SortField.LAST_UPDATE_TIME]: 'updateUs',
};

function readSort(options: SortOptions | undefined, violations: Violation[]): ListQuery['sort'] {
  const { sortField = SortField.UNSPECIFIED, sortOrder = SortOrder.UNSPECIFIED } = options ?? {};
  checkEnum(SortField, sortField, 'sort_options.sort_field', violations);
  checkEnum(SortOrder, sortOrder, 'sort_options.sort_order', violations);
  return { column: COLUMNS[sortField] ?? 'createUs', descending: sortOrder !== SortOrder.ASCENDING };
}

function checkEnum(
  numbers: { readonly [name: string]: number },
  value: number,
  field: string,
  violations: Violation[],
): void {
  if (Object.values(numbers).includes(value)) return;
  violations.push({ field, problem: `must be one of ${Object.keys(numbers).join(', ')}, not ${value}` });
}
