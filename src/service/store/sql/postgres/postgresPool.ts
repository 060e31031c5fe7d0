import type { PostgresPool, PostgresPoolClient } from 'kysely';
import pg from 'pg';

import type { DispatchError } from '../../../../model/dispatchError.js';
import { databaseFailure } from '../../../../sqlite/databaseFailure.js';
import type { PostgresHosts } from './postgresHosts.js';

/** What a pool is made of. */
export interface PoolParts {
  readonly hosts: Pick<PostgresHosts, 'Client' | 'attempt'>;
  readonly config: pg.ClientConfig;
  readonly size: PoolSize;
  /** Statements that set the timeouts of a transaction; null: the session has them. */
  readonly setLimits: string | null;
}

/** How many connections a pool has. */
export interface PoolSize {
  /** Opened on demand. */
  readonly max: number;
  /** Number of idle connections that are kept. */
  readonly min?: number;
}

/** A pool of connections to a PostgreSQL database. */
export interface PostgresConnections extends PostgresPool {
  connect(): Promise<PostgresPoolClient>;
  /**
   * Connects, unless there is a connection.
   *
   * @throws DispatchError UNAVAILABLE when that is not possible.
   */
  ensureConnected(): Promise<void>;
}

/** Time for which a pool makes do with the connections it has after the server had none left. */
const FULL_MS = 5_000;
/** The server has no connection left: `too_many_connections`. */
const FULL = '53300';

/** Creates a pool, which connects when needed. While the server has no connection left, the pool makes do with those it has. */
export function postgresPool({ hosts, config, size, setLimits }: PoolParts): PostgresConnections {
  const pool = new pg.Pool({ ...config, ...size, Client: hosts.Client });
  const connected = new Set<pg.PoolClient>();
  let growing: NodeJS.Timeout | undefined;
  // Without a listener, an idle connection that is lost would end the process.
  pool.on('error', () => {});
  pool.on('connect', client => {
    connected.add(client);
    client.on('error', () => {});
  });
  pool.on('remove', client => connected.delete(client));

  async function take(): Promise<pg.PoolClient> {
    for (;;) {
      try {
        return await hosts.attempt(() => pool.connect());
      } catch (error) {
        if (!(error instanceof pg.DatabaseError && error.code === FULL) || connected.size === 0) throw error;
        pool.options.max = connected.size;
        clearTimeout(growing);
        growing = setTimeout(() => {
          pool.options.max = size.max;
        }, FULL_MS).unref();
      }
    }
  }

  async function connect(): Promise<PostgresPoolClient> {
    try {
      const client = await take();
      return discardOnFailure(client, setLimits === null ? client : withLimits(client, setLimits));
    } catch (error) {
      throw databaseFailure(error);
    }
  }

  return {
    connect,
    async ensureConnected() {
      if (connected.size === 0) (await connect()).release();
    },
    end: () => pool.end(),
  };
}

/** What executes statements one after the other. */
interface Session {
  query(sql: string, parameters: unknown[]): Promise<pg.QueryResult>;
}

/** Sets limits at the beginning of each transaction, and makes a transaction of each statement outside of one. */
function withLimits(client: Session, setLimits: string): Session {
  let inTransaction = false;
  const begin = (sql: string) => client.query(`${sql}; ${setLimits}`, []);

  return {
    async query(sql, parameters) {
      if (/^(begin|start transaction)\b/.test(sql)) {
        inTransaction = true;
        return begin(sql);
      }
      if (/^(commit|rollback)$/.test(sql)) inTransaction = false;
      else if (!inTransaction) return alone(sql, parameters);
      return client.query(sql, parameters);
    },
  };

  async function alone(sql: string, parameters: unknown[]): Promise<pg.QueryResult> {
    await begin('begin');
    try {
      const result = await client.query(sql, parameters);
      await client.query('commit', []);
      return result;
    } catch (error) {
      if (isRefusal(error)) await client.query('rollback', []);
      throw error;
    }
  }
}

/**
 * Wraps a session so that its client is discarded after any failure other than a refused statement: a late response would be taken
 * for that of the next query.
 */
function discardOnFailure(client: pg.PoolClient, session: Session): PostgresPoolClient {
  let failure: DispatchError | null = null;
  async function query(sql: string, parameters: readonly unknown[]) {
    if (failure) throw failure;
    try {
      return await session.query(sql, [...parameters]);
    } catch (error) {
      if (isRefusal(error)) throw error;
      const thrown = databaseFailure(error);
      if (!isLockTimeout(error)) failure = thrown;
      throw thrown;
    }
  }
  // The other form of query() is for cursors, which are not used here.
  return { query: query as unknown as PostgresPoolClient['query'], release: () => client.release(failure ?? false) };
}

/** Whether a wait for a lock was too long: `lock_not_available`. Its connection is still usable. */
export function isLockTimeout(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === '55P03';
}

/**
 * Classes and codes (SQLSTATE) that mean that the server cannot serve, not that a statement is wrong. Among them are rights that the role has lost,
 * and tables that somebody else has changed.
 */
const UNABLE = /^(08|25006|25P03|28|3D|40|42501|42703|42P01|53|55P03|57|58|XX)/;

/** Whether the server refused a statement, so that the connection is still usable. */
function isRefusal(error: unknown): boolean {
  return error instanceof pg.DatabaseError && !UNABLE.test(error.code ?? '');
}
