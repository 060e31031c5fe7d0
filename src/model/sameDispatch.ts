import type { DispatchRecord } from './dispatchRecord.js';

/** `createTime` of a dispatch for which the service gave none. */
const missing = '1970-01-01T00:00:00.000000000Z';

/**
 * Whether two records with one id are of different dispatches, because they were not created at the same time: a service that was
 * restored from a backup assigns ids again. Without a time of creation they count as the same.
 */
export function isAnotherDispatch(
  a: Pick<DispatchRecord, 'createTime'>,
  b: Pick<DispatchRecord, 'createTime'>,
): boolean {
  return a.createTime !== b.createTime && a.createTime !== missing && b.createTime !== missing;
}
