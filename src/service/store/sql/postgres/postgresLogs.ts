import { type RawBuilder, sql } from 'kysely';

import type { LogRow, LogsRequest } from '../sqlDialect.js';

/** See `SqlDialect.logsBehind`. The range of each log is one search in the index of the table: a plain join may read all of it. */
export function postgresLogs({ cursors, limit, maxBytes }: LogsRequest): RawBuilder<LogRow> {
  const column = (name: 'microgridId' | 'seq' | 'atUs') =>
    // The driver would quote each number.
    sql`${`{${cursors.map(cursor => cursor[name] ?? 'null').join()}}`}::bigint[]`;
  return sql<LogRow>`(
    with served as materialized (
      select cursor.turn, cursor.id, cursor.seq, coalesce(microgrid.seq, 0) as head,
        cursor.seq + case when cursor.at_us is null then 1 else 0 end as first,
        cursor.seq + greatest(1, ${limit}::bigint / count(*) over ()) as last
      from unnest(${column('microgridId')}, ${column('seq')}, ${column('atUs')})
        with ordinality as cursor (id, seq, at_us, turn)
      left join microgrid on microgrid.id = cursor.id
      where coalesce(microgrid.seq, 0) <> cursor.seq or microgrid.last_us <> cursor.at_us
      order by cursor.turn
      limit ${limit}
    )
    select served.turn, served.id as microgrid_id, served.head,
      entry.seq, entry.dispatch_id, entry.kind, entry.at_us, entry.message
    from served left join lateral (
      select seq, dispatch_id, kind, at_us, case when seq > served.seq then message end as message,
        sum(length(message)) filter (where seq > served.seq)
          over (order by seq rows between unbounded preceding and 1 preceding) as bytes_before
      from dispatch_change
      where microgrid_id = served.id and seq between served.first and served.last
    ) as entry on coalesce(entry.bytes_before, 0) < ${maxBytes}
  )`;
}
