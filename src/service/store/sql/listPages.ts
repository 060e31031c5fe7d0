import { createHash } from 'node:crypto';
import { type AliasableExpression, sql } from 'kysely';
import type { DispatchStore, ListPlace, ListQuery, SortColumn } from '../../domain/dispatchStore.js';
import { cutPage } from '../cutPage.js';
import { filterCondition } from './filterCondition.js';
import type { SqlDatabase } from './sqlDialect.js';

const COLUMNS = { startS: 'start_s', createUs: 'create_us', updateUs: 'update_us' } as const satisfies Record<
  SortColumn,
  string
>;

/** Maximum number of cached totals. */
const MAX_TOTALS = 1_000;

/** The request of a page. */
interface PageRequest extends ListQuery {
  readonly microgridId: number;
  readonly place: ListPlace | null;
  readonly limit: number;
  readonly maxBytes: number;
}

/**
 * Creates the list function of a database. Each page is one statement, so that its items and its total are consistent. A total is
 * counted once for all pages, as long as the change log of the microgrid shows that nothing has changed.
 */
export function listPages(database: SqlDatabase): DispatchStore['list'] {
  const totals = new Map<string, { readonly seq: number; readonly total: number }>();

  function remember(key: string, seq: number, total: number): void {
    totals.delete(key);
    totals.set(key, { seq, total });
    if (totals.size > MAX_TOTALS) totals.delete(totals.keys().next().value as string);
  }

  return async (microgridId, query, place, limit, maxBytes) => {
    const request = { microgridId, ...query, place, limit, maxBytes };
    const key = createHash('sha256')
      .update(JSON.stringify([microgridId, query.filter]))
      .digest('base64');
    const known = totals.get(key);
    let rows = await pageQuery(database, request, known === undefined).execute();
    if (known && rows[0] && rows[0].seq !== known.seq) rows = await pageQuery(database, request, true).execute();
    const [first] = rows;
    // After a position there may be no items, but still a total.
    if (!first) return { items: [], next: null, total: place ? await count(database, request) : 0 };
    const total = first.total ?? known?.total;
    if (total === undefined) throw new Error('a page came without its total');
    if (first.total !== null) remember(key, first.seq, first.total);
    const list = rows.map(({ id, value, message }) => ({ value, dispatch: { id, message } }));
    return { ...cutPage(list, limit, maxBytes), total };
  };
}

/** The items from a position on, up to the first one after the page. */
function pageQuery(database: SqlDatabase, request: PageRequest, withTotal: boolean) {
  const { microgridId, place, limit, maxBytes, sort } = request;
  const column = COLUMNS[sort.column];
  const direction = sort.descending ? 'desc' : 'asc';
  const all = matching(database, request);
  const behind = place
    ? all.where(({ eb, refTuple, tuple }) =>
        eb(refTuple(column, 'id'), sort.descending ? '<' : '>', tuple(place.value, place.id)),
      )
    : all;
  const page = behind
    .select(['id', 'message', `${column} as value`])
    .orderBy(column, direction)
    .orderBy('id', direction)
    .limit(limit + 1);
  // With messages of 50 kB a page would have 50 MB: items after the page should not leave the database.
  const before = sql.raw(
    `(order by value ${direction}, id ${direction} rows between unbounded preceding and 1 preceding)`,
  );
  const measured = database.db
    .selectFrom(page.as('page'))
    .select([
      'id',
      'message',
      'value',
      sql<number>`coalesce(sum(length(message)) over ${before}, 0)`.as('bytes_before'),
    ]);
  const total: AliasableExpression<number | null> = withTotal
    ? all.select(({ fn }) => fn.countAll<number>().as('total')).$asScalar()
    : sql<null>`null`;
  return database.db
    .selectFrom(measured.as('measured'))
    .select(['id', 'message', 'value', total.as('total')])
    .select(eb =>
      eb.selectFrom('microgrid').where('id', '=', microgridId).select('seq').$asScalar().$notNull().as('seq'),
    )
    .where('bytes_before', '<=', maxBytes)
    .orderBy('value', direction)
    .orderBy('id', direction);
}

async function count(database: SqlDatabase, request: PageRequest): Promise<number> {
  const query = matching(database, request).select(({ fn }) => fn.countAll<number>().as('total'));
  return (await query.executeTakeFirstOrThrow()).total;
}

function matching({ db, dialect }: SqlDatabase, { microgridId, filter }: PageRequest) {
  return db.selectFrom('dispatch').where(eb => filterCondition(eb, dialect, microgridId, filter));
}
