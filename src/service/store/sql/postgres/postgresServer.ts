import { Socket } from 'node:net';
import type { PostgresPool, PostgresPoolClient } from 'kysely';
import pg from 'pg';

import type { DispatchError } from '../../../../model/dispatchError.js';
import { databaseFailure } from '../../../../sqlite/databaseFailure.js';
import { postgresHosts } from './postgresHosts.js';

/** A PostgreSQL database and its connections. */
export interface PostgresServer {
  /** Host, port and database, without user or password. */
  readonly name: string;
  /** Creates a client of its own for `LISTEN`, not connected yet. */
  client(): pg.Client;
  readonly pool: PostgresPool;
  /** Ends all connections, also when the database does not answer. */
  close(): Promise<void>;
}

/** Maximum number of connections for queries. Writes share transactions, so few are enough. */
const MAX_CONNECTIONS = 8;

/**
 * Timeouts for a failing database or network. An idle holder of a lock is ended before those who wait for the lock give up; and the
 * server gives up before the client, which loses the connection.
 */
const TIME_LIMITS = {
  idle_in_transaction_session_timeout: 5_000,
  lock_timeout: 8_000,
  statement_timeout: 12_000,
  query_timeout: 15_000,
  connectionTimeoutMillis: 5_000,
};
/** Time that pending queries have to end when the service stops. */
const CLOSE_GRACE_MS = 2_000;

const { BYTEA, INT8 } = pg.types.builtins;

/**
 * Creates the pool of a server; it connects when needed.
 *
 * @param url - `postgres://user:password@host:port/database`, with the parameters of libpq; see {@link postgresHosts}.
 * @throws DispatchError INVALID_ARGUMENT when it is malformed. The message does not contain it, because it may hold a password.
 */
export function postgresServer(url: string): PostgresServer {
  const { name, Client, attempt } = postgresHosts(url);
  const sockets = new Set<Socket>();
  const config: pg.PoolConfig = {
    application_name: 'xstate-dispatch',
    max: MAX_CONNECTIONS,
    ...TIME_LIMITS,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    types: { getTypeParser },
    stream() {
      const socket = new Socket();
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      return socket;
    },
  };
  const pool = new pg.Pool({ ...config, Client });
  // Without a listener, an idle connection that is lost would end the process.
  pool.on('error', () => {});
  pool.on('connect', client => client.on('error', () => {}));

  async function connect(): Promise<PostgresPoolClient> {
    try {
      return discardOnFailure(await attempt(() => pool.connect()));
    } catch (error) {
      throw databaseFailure(error);
    }
  }

  return {
    name,
    client: () => new Client(config),
    pool: { connect, end: () => pool.end() },
    async close() {
      const silent = setTimeout(() => {
        for (const socket of sockets) socket.destroy();
      }, CLOSE_GRACE_MS);
      await pool.end();
      await Promise.all(
        [...sockets].map(socket => new Promise<void>(resolve => socket.once('close', () => resolve()))),
      );
      clearTimeout(silent);
    },
  };
}

/** Returns 64-bit integers as numbers, since those of the service are below 2^53, and bytes as `Uint8Array`. */
function getTypeParser(oid: number, format: 'text' | 'binary' = 'text') {
  const parse = pg.types.getTypeParser(oid, format as 'text');
  if (oid === INT8 && format === 'text') return Number;
  if (oid !== BYTEA) return parse;
  return (text: string) => {
    const { buffer, byteOffset, byteLength }: Buffer = parse(text);
    return new Uint8Array(buffer, byteOffset, byteLength);
  };
}

/**
 * Wraps a client so that it is discarded after any failure other than a refused statement: a late response would be taken for that of
 * the next query.
 */
function discardOnFailure(client: pg.PoolClient): PostgresPoolClient {
  let failure: DispatchError | null = null;
  async function query(sql: string, parameters: readonly unknown[]) {
    if (failure) throw failure;
    try {
      return await client.query(sql, [...parameters]);
    } catch (error) {
      if (isRefusal(error)) throw error;
      failure = databaseFailure(error);
      throw failure;
    }
  }
  // The other form of query() is for cursors, which are not used here.
  return { query: query as unknown as PostgresPoolClient['query'], release: () => client.release(failure ?? false) };
}

/** Classes and codes (SQLSTATE) that mean that the server cannot serve, not that a statement is wrong. */
const UNABLE = /^(08|25006|25P03|28|3D|40|53|55P03|57|58|XX)/;

/** Whether the server refused a statement, so that the connection is still usable. */
function isRefusal(error: unknown): boolean {
  return error instanceof pg.DatabaseError && !UNABLE.test(error.code ?? '');
}

/** The message of an error of the server or the system. */
export function reasonOf(error: unknown): string {
  // Node.js tries all addresses of a host name, and reports an error for each.
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}
