import type { DispatchRow } from '../../domain/dispatchStore.js';
import type { ListFilter, Range } from '../../domain/listQuery.js';

type Test = (row: DispatchRow) => boolean;

/**
 * Converts a filter to a predicate on rows.
 *
 * @returns null for a filter that every row matches.
 */
export function matchesFilter(filter: ListFilter): Test | null {
  const tests = filterTests(filter);
  if (tests.length === 0) return null;
  return row => tests.every(test => test(row));
}

function filterTests(filter: ListFilter): Test[] {
  const { targetKeys, active, dryRun, recurring, startS, endS, updateUs, ids, queries } = filter;
  const tests: Test[] = [];
  if (active !== undefined) tests.push(row => row.active === active);
  if (dryRun !== undefined) tests.push(row => row.dryRun === dryRun);
  if (recurring !== undefined) tests.push(row => row.recurring === recurring);
  if (startS) tests.push(row => contains(startS, row.startS));
  if (endS) tests.push(row => contains(endS, row.endS ?? Number.POSITIVE_INFINITY));
  if (updateUs) tests.push(row => contains(updateUs, row.updateUs));
  if (ids) {
    const wanted = new Set(ids);
    tests.push(row => wanted.has(row.id));
  }
  if (queries) {
    const wanted = new Set(queries.ids);
    tests.push(row => wanted.has(row.id) || queries.texts.some(text => row.type.includes(text)));
  }
  if (targetKeys) {
    const wanted = new Set(targetKeys);
    tests.push(row => row.targetKeys.some(key => wanted.has(key)));
  }
  return tests;
}

function contains({ from, to }: Range, value: number): boolean {
  return (from === null || value >= from) && (to === null || value < to);
}
