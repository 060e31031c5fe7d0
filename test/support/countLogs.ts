import type pg from 'pg';

/** What all change logs of a PostgreSQL database hold. */
export interface LogCount {
  readonly changes: number;
  /** Entries that are not numbered from 1 without gaps, or whose version is not later than that of the one before. */
  readonly outOfOrder: number;
}

/** Counts the entries of all change logs, from which nothing was pruned. */
export async function countLogs(client: pg.Client): Promise<LogCount> {
  const { rows } = await client.query(`
    select count(*)::int as "changes", count(*) filter (where seq <> place or at_us <= before)::int as "outOfOrder"
    from (
      select seq, at_us, row_number() over log as place, coalesce(lag(at_us) over log, 0) as before
      from dispatch_change window log as (partition by microgrid_id order by seq)
    ) as entry`);
  return rows[0];
}
