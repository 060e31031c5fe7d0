import { type AliasableExpression, sql } from 'kysely';
import type { DispatchStore, ListPage } from '../../domain/dispatchStore.js';
import type { ListPlace, ListQuery, SortColumn } from '../../domain/listQuery.js';
import { cutPage } from '../cutPage.js';
import { filterCondition } from './filterCondition.js';
import type { SqlDatabase } from './sqlDialect.js';

const COLUMNS = { startS: 'start_s', createUs: 'create_us', updateUs: 'update_us' } as const satisfies Record<
  SortColumn,
  string
>;

/** The request of a page. */
interface PageRequest extends ListQuery {
  readonly microgridId: number;
  readonly place: ListPlace | null;
  readonly limit: number;
  readonly maxBytes: number;
}

/**
 * Reads a page; see `DispatchStore.list`. It is one statement, so that the items and the total of the first page are of one moment.
 */
export async function listPage(
  database: SqlDatabase,
  ...[microgridId, query, place, limit, maxBytes]: Parameters<DispatchStore['list']>
): Promise<ListPage> {
  const request = { microgridId, ...query, place, limit, maxBytes };
  const known = place?.total;
  const rows = await pageQuery(database, request, known === undefined).execute();
  // After a position there may be no items, but still a total.
  const total = known ?? rows[0]?.total ?? (place ? await count(database, request) : 0);
  const list = rows.map(({ id, value, message }) => ({ value, dispatch: { id, message } }));
  return cutPage(list, limit, maxBytes, total);
}

/** The items from a position on, up to the first one after the page. */
function pageQuery(database: SqlDatabase, request: PageRequest, withTotal: boolean) {
  const { place, limit, maxBytes, sort } = request;
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
