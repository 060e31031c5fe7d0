import fc from 'fast-check';
import type { DispatchRow } from '../../src/service/domain/dispatchStore.js';
import type { ListFilter, ListQuery } from '../../src/service/domain/listQuery.js';

/** What a store must list: the rows that satisfy the filter, sorted, found the slow and obvious way. */
export function oracleList(rows: readonly DispatchRow[], { filter, sort }: ListQuery): DispatchRow[] {
  const direction = sort.descending ? -1 : 1;
  return rows
    .filter(row => satisfies(row, filter))
    .sort((a, b) => direction * (a[sort.column] - b[sort.column] || a.id - b.id));
}

function satisfies(row: DispatchRow, filter: ListFilter): boolean {
  const { targetKeys, active, dryRun, recurring, startS, endS, updateUs, ids, queries } = filter;
  const end = row.endS ?? Infinity;
  return (
    (active ?? row.active) === row.active &&
    (dryRun ?? row.dryRun) === row.dryRun &&
    (recurring ?? row.recurring) === row.recurring &&
    row.startS >= (startS?.from ?? -Infinity) &&
    row.startS < (startS?.to ?? Infinity) &&
    end >= (endS?.from ?? -Infinity) &&
    (end < (endS?.to ?? Infinity) || (endS?.to ?? null) === null) &&
    row.updateUs >= (updateUs?.from ?? -Infinity) &&
    row.updateUs < (updateUs?.to ?? Infinity) &&
    (!targetKeys || targetKeys.some(key => row.targetKeys.includes(key))) &&
    (!ids || ids.includes(row.id)) &&
    (!queries || queries.ids.includes(row.id) || queries.texts.some(text => row.type.includes(text)))
  );
}

const keyArbitrary = fc.constantFrom('i:1', 'i:2', 'c:5', 'c:5:*', 'c:5:b1');

/** Few values of each column, so that rows collide. */
export const rowArbitrary = fc.record({
  type: fc.constantFrom('CHARGE', 'DISCHARGE', 'charge', '%_', ''),
  startS: fc.integer({ min: -3, max: 3 }),
  endS: fc.option(fc.integer({ min: -3, max: 3 })),
  active: fc.boolean(),
  dryRun: fc.boolean(),
  recurring: fc.boolean(),
  updateUs: fc.integer({ min: -3, max: 3 }),
  targetKeys: fc.uniqueArray(keyArbitrary, { minLength: 1 }),
});

const rangeArbitrary = fc.record({
  from: fc.option(fc.integer({ min: -3, max: 3 })),
  to: fc.option(fc.integer({ min: -3, max: 3 })),
});

const idsArbitrary = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 5 });

const FILTERS = {
  targetKeys: fc.uniqueArray(keyArbitrary, { minLength: 1 }),
  active: fc.boolean(),
  dryRun: fc.boolean(),
  recurring: fc.boolean(),
  startS: rangeArbitrary,
  endS: rangeArbitrary,
  updateUs: rangeArbitrary,
  ids: idsArbitrary,
  queries: fc.record({ ids: idsArbitrary, texts: fc.array(fc.constantFrom('CH', 'GE', '%', '_', '', 'x', 'text')) }),
};

/** One part or two: with more hardly a row satisfies them all, and empty lists agree whatever a store does. */
const filterArbitrary: fc.Arbitrary<ListFilter> = fc
  .tuple(fc.record(FILTERS), fc.subarray(Object.keys(FILTERS), { minLength: 1, maxLength: 2 }))
  .map(([parts, names]) => Object.fromEntries(Object.entries(parts).filter(([name]) => names.includes(name))));

/** A query of {@link queryArbitrary} for rows that are there: its ids stand for their places, from 1. */
export function withIdsOf(rows: readonly DispatchRow[], { filter, sort }: ListQuery): ListQuery {
  const { ids, queries } = filter;
  const idAt = (position: number) => rows[position - 1]?.id ?? Number.MAX_SAFE_INTEGER;
  return {
    filter: {
      ...filter,
      ...(ids && { ids: ids.map(idAt) }),
      ...(queries && { queries: { ...queries, ids: queries.ids.map(idAt) } }),
    },
    sort,
  };
}

/** Queries that fit {@link rowArbitrary}. */
export const queryArbitrary: fc.Arbitrary<ListQuery> = fc.record({
  filter: fc.oneof({ weight: 1, arbitrary: fc.constant({}) }, { weight: 3, arbitrary: filterArbitrary }),
  sort: fc.record({
    column: fc.constantFrom('startS' as const, 'createUs' as const, 'updateUs' as const),
    descending: fc.boolean(),
  }),
});
