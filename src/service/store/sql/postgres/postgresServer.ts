import { Socket } from 'node:net';
import pg from 'pg';

import type { PostgresHosts } from './postgresHosts.js';
import { type PoolSize, type PostgresConnections, postgresPool } from './postgresPool.js';

/** A PostgreSQL database and its connections. */
export interface PostgresServer {
  /** Host, port and database, without user or password. */
  readonly name: string;
  /** Creates a client of its own for `LISTEN`, not connected yet. */
  client(): pg.Client;
  /** Creates a pool, which connects when needed. */
  pool(size: PoolSize): PostgresConnections;
  /** Ends all connections, also when the database does not answer. */
  close(): Promise<void>;
}

/**
 * Timeouts for a failing database or network. An idle holder of a lock is ended before those who wait for the lock give up; and the
 * server gives up before the client, which loses the connection.
 */
const SERVER_LIMITS = {
  idle_in_transaction_session_timeout: 5_000,
  lock_timeout: 8_000,
  statement_timeout: 12_000,
};
const CLIENT_LIMITS = { query_timeout: 15_000, connectionTimeoutMillis: 5_000 };
/** The same for one transaction, where a pooler gives each transaction another session. */
const SET_LOCAL = Object.entries(SERVER_LIMITS)
  .map(([name, ms]) => `set local ${name} = ${ms}`)
  .join('; ');
/** Time that pending queries have to end when the service stops. */
const CLOSE_GRACE_MS = 2_000;

const { BYTEA, INT8 } = pg.types.builtins;

/**
 * Connects to a database, and learns whether sessions have the timeouts that they ask for. Where they have not, as behind PgBouncer,
 * each transaction sets its own, and a single statement becomes a transaction.
 *
 * @throws the error of the first connection.
 */
export async function postgresServer(hosts: PostgresHosts): Promise<PostgresServer> {
  const { name, Client } = hosts;
  const sockets = new Set<Socket>();
  const pools: PostgresConnections[] = [];
  const config: pg.ClientConfig = {
    application_name: 'xstate-dispatch',
    ...CLIENT_LIMITS,
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
  const limited = { ...config, ...SERVER_LIMITS };
  const pooled = !(await keepsLimits(hosts, limited));
  const settings = pooled ? config : limited;

  return {
    name,
    client: () => new Client(settings),
    pool(size) {
      const pool = postgresPool({ hosts, config: settings, size, setLimits: pooled ? SET_LOCAL : null });
      pools.push(pool);
      return pool;
    },
    async close() {
      const silent = setTimeout(() => {
        for (const socket of sockets) socket.destroy();
      }, CLOSE_GRACE_MS);
      await Promise.all(pools.map(pool => pool.end()));
      await Promise.all(
        [...sockets].map(socket => new Promise<void>(resolve => socket.once('close', () => resolve()))),
      );
      clearTimeout(silent);
    },
  };
}

/** Whether sessions have the limits that they ask for. A pooler refuses or ignores them. */
async function keepsLimits({ Client, attempt }: PostgresHosts, limited: pg.ClientConfig): Promise<boolean> {
  try {
    const client = await attempt(() => new Client(limited).connect());
    const setting = client.query(`select setting from pg_settings where name = 'statement_timeout'`);
    const { rows } = await setting.finally(() => client.end().catch(() => {}));
    return rows[0]?.setting === String(SERVER_LIMITS.statement_timeout);
  } catch (error) {
    if (/startup parameter/.test(reasonOf(error))) return false;
    throw error;
  }
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

/** The message of an error of the server or the system. */
export function reasonOf(error: unknown): string {
  // Node.js tries all addresses of a host name, and reports an error for each.
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}
