import pg from 'pg';

/** What a database has done, from `pg_stat_statements` and its write-ahead log. */
export interface DatabaseActivity {
  readonly queries: number;
  /** Rows that they have read or changed for the services. */
  readonly rows: number;
  /** Time in which they were planned, and in which they were executed. */
  readonly planMs: number;
  readonly queryMs: number;
  /** What it wrote to its write-ahead log. */
  readonly walKB: number;
}

/** One statement of a database's activity. */
export interface StatementActivity {
  readonly statement: string;
  readonly calls: number;
  readonly rows: number;
  readonly ms: number;
}

/** The settings of a server whose activity is watched. */
export const ACTIVITY_SETTINGS = [
  'shared_preload_libraries=pg_stat_statements',
  'pg_stat_statements.track_planning=on',
];

/** Watches what a database does. */
export interface ActivityWatch {
  /** Begins a new period. */
  reset(): Promise<void>;
  /** What was done since the last {@link reset}. */
  read(): Promise<DatabaseActivity>;
  /** The statements that have taken most of the time since then. */
  statements(limit: number): Promise<StatementActivity[]>;
  /** The size of the database. */
  databaseBytes(): Promise<number>;
  close(): Promise<void>;
}

const OF_SERVICES = `from pg_stat_statements where dbid = (select oid from pg_database where datname = current_database())
  and query not like '%pg_stat_statements%'`;

/** Watches a database of a server that was started with {@link ACTIVITY_SETTINGS}. */
export async function watchActivity(database: string): Promise<ActivityWatch> {
  const client = new pg.Client(database);
  await client.connect();
  await client.query('create extension if not exists pg_stat_statements');
  let walFrom = '0/0';
  return {
    async reset() {
      const { rows } = await client.query('select pg_stat_statements_reset(), pg_current_wal_lsn() as at');
      walFrom = rows[0].at;
    },
    async read() {
      const { rows } = await client.query(
        `select coalesce(sum(calls), 0) as queries, coalesce(sum(rows), 0) as rows,
          coalesce(sum(total_exec_time), 0) as ms, coalesce(sum(total_plan_time), 0) as plan_ms, pg_wal_lsn_diff(pg_current_wal_lsn(), $1) as wal ${OF_SERVICES}`,
        [walFrom],
      );
      const [{ queries, rows: all, ms, plan_ms: planMs, wal }] = rows;
      return {
        queries: Number(queries),
        rows: Number(all),
        planMs: Math.round(Number(planMs)),
        queryMs: Math.round(Number(ms)),
        walKB: Math.round(Number(wal) / 1_024),
      };
    },
    async statements(limit) {
      const { rows } = await client.query(
        `select regexp_replace(query, '\\s+', ' ', 'g') as statement, calls, rows, total_exec_time as ms ${OF_SERVICES}
          order by total_exec_time desc limit $1`,
        [limit],
      );
      return rows.map(row => ({
        statement: String(row.statement).slice(0, 160),
        calls: Number(row.calls),
        rows: Number(row.rows),
        ms: Math.round(Number(row.ms)),
      }));
    },
    async databaseBytes() {
      const { rows } = await client.query('select pg_database_size(current_database()) as bytes');
      return Number(rows[0].bytes);
    },
    close: () => client.end(),
  };
}
