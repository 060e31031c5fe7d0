import { type RawBuilder, sql } from 'kysely';

import type { LogRow, LogsRequest } from '../sqlDialect.js';

/** See `SqlDialect.logsBehind`. SQLite joins in the order that CROSS JOIN gives: each log is one search in the index. */
export function sqliteLogs({ cursors, limit, maxBytes }: LogsRequest): RawBuilder<LogRow> {
  const given = JSON.stringify(cursors.map(({ microgridId, seq, atUs, id }) => [microgridId, seq, atUs, id]));
  return sql<LogRow>`(
    with cursor as (
      select key as turn, value ->> 0 as microgrid_id, value ->> 1 as seq, value ->> 2 as at_us, value ->> 3 as dispatch_id
      from json_each(${given})
    ), served as materialized (
      select cursor.*, coalesce(microgrid.seq, 0) as head, cursor.seq + max(1, ${limit} / count(*) over ()) as last
      from cursor left join microgrid on microgrid.id = cursor.microgrid_id
      where coalesce(microgrid.seq, 0) <> cursor.seq or microgrid.last_us <> cursor.at_us
      order by cursor.turn
      limit ${limit}
    ), entry as (
      select served.turn, change.*, sum(length(change.message)) over (
        partition by served.turn order by change.seq rows between unbounded preceding and 1 preceding
      ) as bytes_before
      from served cross join dispatch_change as change
      where change.microgrid_id = served.microgrid_id and change.seq > served.seq and change.seq <= served.last
    )
    select served.turn, served.microgrid_id, served.head,
      served.at_us is null or exists (
        select 1 from dispatch_change as at
        where (at.microgrid_id, at.seq, at.at_us, at.dispatch_id)
          = (served.microgrid_id, served.seq, served.at_us, served.dispatch_id)
      ) as intact,
      entry.seq, entry.dispatch_id, entry.kind, entry.at_us, entry.message
    from served left join entry on entry.turn = served.turn and coalesce(entry.bytes_before, 0) < ${maxBytes}
  )`;
}
