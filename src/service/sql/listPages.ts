import { type Expression, type ExpressionBuilder, type SqlBool, sql } from 'kysely';

import { cutPage } from '../cutPage.js';
import type { ListFilter, ListPage, ListPlace, ListQuery, Range, SortColumn } from '../dispatchStore.js';
import type { ServiceSchema } from './schema.js';
import type { SqlDatabase, SqlDialect } from './sqlDialect.js';

const COLUMNS = { startS: 'start_s', createUs: 'create_us', updateUs: 'update_us' } as const satisfies Record<
  SortColumn,
  string
>;

/** Totals that are remembered at most. */
const MAX_TOTALS = 1_000;

/** One page; see `DispatchStore.list`. */
export type ListPages = (
  microgridId: number,
  query: ListQuery,
  place: ListPlace | null,
  limit: number,
  maxBytes: number,
) => Promise<ListPage>;

/**
 * Lists from a database. Each page is one statement, so that its items and its total are of the same moment. A total
 * is counted once for all pages, as long as the change log of the microgrid tells that nothing has changed.
 */
export function listPages(database: SqlDatabase): ListPages {
  const totals = new Map<string, { readonly seq: number; readonly total: number }>();

  function remember(key: string, seq: number, total: number): void {
    totals.delete(key);
    totals.set(key, { seq, total });
    if (totals.size > MAX_TOTALS) totals.delete(totals.keys().next().value as string);
  }

  return async (microgridId, query, place, limit, maxBytes) => {
    const key = JSON.stringify([microgridId, query.filter]);
    const known = totals.get(key);
    let rows = await pageQuery(database, microgridId, query, place, limit, maxBytes, known === undefined).execute();
    if (known && rows[0] && rows[0].seq !== known.seq) {
      rows = await pageQuery(database, microgridId, query, place, limit, maxBytes, true).execute();
    }
    const [first] = rows;
    if (!first) {
      return { items: [], next: null, total: place ? await count(database, microgridId, query.filter) : 0 };
    }
    const total = first.total ?? known?.total;
    if (total === undefined) throw new Error('a page came without its total');
    if (first.total !== null) remember(key, first.seq, first.total);
    const list = rows.map(({ id, value, message }) => ({ value, dispatch: { id, message } }));
    return { ...cutPage(list, limit, maxBytes), total };
  };
}

async function count({ db, dialect }: SqlDatabase, microgridId: number, filter: ListFilter): Promise<number> {
  const { total } = await db
    .selectFrom('dispatch')
    .where(eb => eb.and(conditions(eb, dialect, microgridId, filter)))
    .select(eb => eb.fn.countAll<number>().as('total'))
    .executeTakeFirstOrThrow();
  return total;
}

/** The items from a place on, up to the first one that is not on the page. */
function pageQuery(
  { db, dialect }: SqlDatabase,
  microgridId: number,
  { filter, sort }: ListQuery,
  place: ListPlace | null,
  limit: number,
  maxBytes: number,
  withTotal: boolean,
) {
  const column = COLUMNS[sort.column];
  const direction = sort.descending ? 'desc' : 'asc';
  const matching = db.selectFrom('dispatch').where(eb => eb.and(conditions(eb, dialect, microgridId, filter)));
  const behind = place
    ? matching.where(({ eb, refTuple, tuple }) =>
        eb(refTuple(column, 'id'), sort.descending ? '<' : '>', tuple(place.value, place.id)),
      )
    : matching;
  const page = behind
    .select(['id', 'message', `${column} as value`])
    .orderBy(column, direction)
    .orderBy('id', direction)
    .limit(limit + 1);
  // Messages of 50 kB would make a page of 50 MB, of which most is cut off.
  const order = sql.raw(`order by value ${direction}, id ${direction} rows between unbounded preceding and 1 preceding`);
  const measured = db
    .selectFrom(page.as('page'))
    .select(['id', 'message', 'value', sql<number>`coalesce(sum(length(message)) over (${order}), 0)`.as('before')]);
  return db
    .selectFrom(measured.as('measured'))
    .select(['id', 'message', 'value'])
    .select(eb => eb.selectFrom('microgrid').where('id', '=', microgridId).select('seq').$asScalar().$notNull().as('seq'))
    .select(eb =>
      withTotal
        ? matching.select(({ fn }) => fn.countAll<number>().as('total')).$asScalar().as('total')
        : sql<number | null>`null`.as('total'),
    )
    .where('before', '<=', maxBytes)
    .orderBy('value', direction)
    .orderBy('id', direction);
}

/** What a filter asks of a dispatch. */
function conditions(
  eb: ExpressionBuilder<ServiceSchema, 'dispatch'>,
  dialect: SqlDialect,
  microgridId: number,
  filter: ListFilter,
): Expression<SqlBool>[] {
  const { targetKeys, active, dryRun, recurring, startS, endS, updateUs, ids, queries } = filter;
  const all: Expression<SqlBool>[] = [eb('microgrid_id', '=', microgridId)];
  if (active !== undefined) all.push(eb('active', '=', Number(active)));
  if (dryRun !== undefined) all.push(eb('dry_run', '=', Number(dryRun)));
  if (recurring !== undefined) all.push(eb('recurring', '=', Number(recurring)));
  if (startS) all.push(within(eb, 'start_s', startS));
  if (endS) all.push(within(eb, 'end_s', endS));
  if (updateUs) all.push(within(eb, 'update_us', updateUs));
  if (ids) all.push(dialect.isAnyOf(eb.ref('dispatch.id'), ids));
  if (queries) {
    const { texts } = queries;
    all.push(eb.or([dialect.isAnyOf(eb.ref('dispatch.id'), queries.ids), dialect.containsAnyOf(eb.ref('dispatch.type'), texts)]));
  }
  if (targetKeys) {
    const found = eb
      .selectFrom('dispatch_target')
      .select('dispatch_id')
      .where('microgrid_id', '=', microgridId)
      .where(target => dialect.isAnyOf(target.ref('dispatch_target.key'), targetKeys));
    all.push(eb('id', 'in', found));
  }
  return all;
}

function within(
  eb: ExpressionBuilder<ServiceSchema, 'dispatch'>,
  column: 'start_s' | 'end_s' | 'update_us',
  { from, to }: Range,
): Expression<SqlBool> {
  return eb.and([...(from === null ? [] : [eb(column, '>=', from)]), ...(to === null ? [] : [eb(column, '<', to)])]);
}
