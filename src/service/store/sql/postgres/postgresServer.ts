import { Socket } from 'node:net';
import pg from 'pg';

import { DispatchError } from '../../../../model/dispatchError.js';
import type { PostgresHosts } from './postgresHosts.js';
import { type PoolParts, type PoolSize, type PostgresConnections, postgresPool } from './postgresPool.js';

/** A PostgreSQL database and its connections. */
export interface PostgresServer {
  /** Host, port and database, without user or password. */
  readonly name: string;
  /** Creates a client of its own for `LISTEN`, not connected yet. */
  client(): pg.Client;
  /** A pool of one connection, for what is done now and then. */
  readonly single: PostgresConnections;
  /** Creates a pool, which connects when needed; with other limits than usual if they are given. */
  pool(size: PoolSize, limits?: Partial<ServerLimits>): PostgresConnections;
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
type ServerLimits = typeof SERVER_LIMITS;
const CLIENT_LIMITS = { query_timeout: 15_000, connectionTimeoutMillis: 5_000 };
/** Time that pending queries have to end when the service stops. */
const CLOSE_GRACE_MS = 2_000;

const { BYTEA, INT8 } = pg.types.builtins;

/**
 * Connects to a database, and learns whether sessions have the timeouts that they ask for. Where they have not, as behind PgBouncer,
 * each transaction sets its own, and a single statement becomes a transaction.
 *
 * @throws DispatchError UNAVAILABLE when that is not possible.
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
  const addPool = (parts: Omit<PoolParts, 'hosts'>) => {
    const pool = postgresPool({ hosts, ...parts });
    pools.push(pool);
    return pool;
  };
  const ofSession = (limits: ServerLimits) => ({ config: { ...config, ...limits }, setLimits: null });
  // A pooler gives each transaction another session.
  const ofTransaction = (limits: ServerLimits) => ({ config, setLimits: setLocal(limits) });
  const tried = addPool({ ...ofSession(SERVER_LIMITS), size: { max: 1 } });
  const isKept = await keepsLimits(tried);
  const settings = isKept ? ofSession : ofTransaction;

  return {
    name,
    client: () => new Client(settings(SERVER_LIMITS).config),
    single: isKept ? tried : addPool({ ...settings(SERVER_LIMITS), size: { max: 1 } }),
    pool: (size, limits) => addPool({ ...settings({ ...SERVER_LIMITS, ...limits }), size }),
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

/** Statements that set limits for one transaction. */
function setLocal(limits: ServerLimits): string {
  return Object.entries(limits)
    .map(([name, ms]) => `set local ${name} = ${ms}`)
    .join('; ');
}

/** Whether sessions have the limits that they ask for. A pooler refuses or ignores them. */
async function keepsLimits(limited: PostgresConnections): Promise<boolean> {
  try {
    const client = await limited.connect();
    try {
      const { rows } = await client.query<{ setting: string }>(
        `select setting from pg_settings where name = 'statement_timeout'`,
        [],
      );
      return rows[0]?.setting === String(SERVER_LIMITS.statement_timeout);
    } finally {
      client.release();
    }
  } catch (error) {
    if (error instanceof DispatchError && /startup parameter/.test(reasonOf(error.cause))) return false;
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
