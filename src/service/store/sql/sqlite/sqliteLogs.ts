import { type RawBuilder, sql } from 'kysely';

import type { LogRow, LogsRequest } from '../sqlDialect.js';

/** See `SqlDialect.logsBehind`. SQLite joins in the order that CROSS JOIN gives: each log is one search in the index. */
export function sqliteLogs({ cursors, limit, maxBytes }: LogsRequest): RawBuilder<LogRow> {
  const given = JSON.stringify(cursors.map(({ microgridId, seq, atUs }) => [microgridId, seq, atUs]));
  return sql<LogRow>`(
    with cursor as (
      select key as turn, value ->> 0 as id, value ->> 1 as seq, value ->> 2 as at_us from json_each(${given})
    ), served as materialized (
      select cursor.turn, cursor.id, cursor.seq, coalesce(microgrid.seq, 0) as head,
        cursor.seq + (cursor.at_us is null) as first,
        cursor.seq + max(1, ${limit} / count(*) over ()) as last
      from cursor left join microgrid on microgrid.id = cursor.id
      where coalesce(microgrid.seq, 0) <> cursor.seq or microgrid.last_us <> cursor.at_us
      order by cursor.turn
      limit ${limit}
    ), entry as (
      select served.turn, change.seq, change.dispatch_id, change.kind, change.at_us,
        case when change.seq > served.seq then change.message end as message,
        sum(length(change.message)) filter (where change.seq > served.seq) over (
          partition by served.turn order by change.seq rows between unbounded preceding and 1 preceding
        ) as bytes_before
      from served cross join dispatch_change as change
      where change.microgrid_id = served.id and change.seq between served.first and served.last
    )
    select served.turn, served.id as microgrid_id, served.head,
      entry.seq, entry.dispatch_id, entry.kind, entry.at_us, entry.message
    from served left join entry on entry.turn = served.turn and coalesce(entry.bytes_before, 0) < ${maxBytes}
  )`;
}
