import type { Timestamp } from '../../../proto/gen/google/protobuf/timestamp.js';
import type {
  AuditFilter as AuditFilterMessage,
  ListAuditRequest,
} from '../../../proto/gen/xstate_dispatch/v1/operations.js';
import { timestampProblem } from '../../wire/timestampCodec.js';
import type { AuditFilter, AuditQuery } from './audit.js';
import { invalidField, refuseViolations, type Violation } from './invalidRequest.js';
import { MAX_PAGE_SIZE } from './pageToken.js';
import { readId, UNASSIGNED_ID } from './requestIds.js';
import { microsAtOrAfter } from './timestamps.js';

const DEFAULT_PAGE_SIZE = 100;
/** Maximum number of entries of each list of a filter. */
const MAX_FILTER_ENTRIES = 100;
/** A token is the `seq` of the last entry of the page before. */
const TOKEN = /^\d{1,16}$/;

/**
 * Reads a request for a page of an audit.
 *
 * @throws DispatchError INVALID_ARGUMENT that names the invalid fields.
 */
export function readAuditRequest({ filter, oldestFirst, pageSize, pageToken }: ListAuditRequest): {
  readonly query: AuditQuery;
  readonly limit: number;
} {
  if (pageToken !== '' && !TOKEN.test(pageToken)) throw invalidField('page_token', 'is not a token of this service');
  return {
    query: {
      filter: readAuditFilter(filter),
      oldestFirst,
      after: pageToken === '' ? null : Number(pageToken),
    },
    limit: Math.min(pageSize || DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE),
  };
}

/**
 * Reads a filter of an audit. An id above 2^53-1 matches nothing.
 *
 * @throws DispatchError INVALID_ARGUMENT that names the invalid fields.
 */
export function readAuditFilter(filter: AuditFilterMessage | undefined): AuditFilter {
  if (!filter) return {};
  const { dispatchIds, keyNames, methods, fromTime, toTime } = filter;
  const violations: Violation[] = [];
  for (const [field, entries] of Object.entries({ dispatch_ids: dispatchIds, key_names: keyNames, methods })) {
    if (entries.length <= MAX_FILTER_ENTRIES) continue;
    const problem = `must have at most ${MAX_FILTER_ENTRIES} entries, not ${entries.length}`;
    violations.push({ field: `filter.${field}`, problem });
  }
  const fromUs = readTime('filter.from_time', fromTime, violations);
  const toUs = readTime('filter.to_time', toTime, violations);
  refuseViolations(violations);
  return {
    ...(dispatchIds.length > 0 && { dispatchIds: dispatchIds.map(readId).filter(id => id !== UNASSIGNED_ID) }),
    ...(keyNames.length > 0 && { keyNames: withoutNul(keyNames) }),
    ...(methods.length > 0 && { methods: withoutNul(methods) }),
    ...(fromUs !== null && { fromUs }),
    ...(toUs !== null && { toUs }),
  };
}

function readTime(field: string, time: Timestamp | undefined, violations: Violation[]): number | null {
  const problem = time ? timestampProblem(time) : null;
  if (problem !== null) violations.push({ field, problem });
  return time && problem === null ? microsAtOrAfter(time) : null;
}

/** No name has this character, which PostgreSQL refuses in texts. */
function withoutNul(texts: readonly string[]): string[] {
  return texts.filter(text => !text.includes('\0'));
}
