import { type RawBuilder, sql } from 'kysely';

import type { CursorRow, LogRow, LogsRequest } from '../sqlDialect.js';

/** See `SqlDialect.logsBehind`. The range of each log is one search in the index of the table: a plain join may read all of it. */
export function postgresLogs({ cursors, limit, maxBytes }: LogsRequest): RawBuilder<LogRow> {
  // The driver would quote each number.
  const column = (name: keyof CursorRow) =>
    sql`${`{${cursors.map(cursor => cursor[name] ?? 'null').join()}}`}::bigint[]`;
  return sql<LogRow>`(
    with served as materialized (
      select cursor.*, coalesce(microgrid.seq, 0) as head,
        cursor.seq + greatest(1, ${limit}::bigint / count(*) over ()) as last
      from unnest(${column('microgridId')}, ${column('seq')}, ${column('atUs')}, ${column('id')})
        with ordinality as cursor (microgrid_id, seq, at_us, dispatch_id, turn)
      left join microgrid on microgrid.id = cursor.microgrid_id
      where coalesce(microgrid.seq, 0) <> cursor.seq or microgrid.last_us <> cursor.at_us
      order by cursor.turn
      limit ${limit}
    )
    select served.turn, served.microgrid_id, served.head,
      served.at_us is null or exists (
        select from dispatch_change as at
        where (at.microgrid_id, at.seq, at.at_us, at.dispatch_id)
          = (served.microgrid_id, served.seq, served.at_us, served.dispatch_id)
      ) as intact,
      entry.seq, entry.dispatch_id, entry.kind, entry.at_us, entry.message
    from served left join lateral (
      select *, sum(length(message)) over (order by seq rows between unbounded preceding and 1 preceding) as bytes_before
      from dispatch_change
      where microgrid_id = served.microgrid_id and seq > served.seq and seq <= served.last
    ) as entry on coalesce(entry.bytes_before, 0) < ${maxBytes}
  )`;
}
