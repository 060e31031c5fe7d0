import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { sql, type Transaction } from 'kysely';

import type { Logger } from '../../../../logger.js';
import type { ServiceSchema } from '../schema.js';
import type { PostgresServer } from './postgresServer.js';

/** Notifications between the processes of a service, over PostgreSQL. */
export interface PostgresNotifications {
  /** Notifies the other processes, once the transaction is committed, that these microgrids have changes. */
  announce(transaction: Transaction<ServiceSchema>, microgridIds: readonly number[]): Promise<void>;
  close(): Promise<void>;
}

const CHANNEL = 'dispatch_change';
/** Maximum payload: PostgreSQL aborts a transaction with a longer one. */
const MAX_PAYLOAD_BYTES = 7_999;
/** Wait before reconnecting. Meanwhile the feed polls. */
const RETRY_MS = 500;

/**
 * Listens to the other processes, and reconnects when the connection is lost.
 *
 * @param onChange is called with the microgrids that another process has changed; with null when they are unknown.
 */
export function postgresNotifications(
  server: PostgresServer,
  onChange: (microgridIds: readonly number[] | null) => void,
  logger: Logger,
): PostgresNotifications {
  const self = randomBytes(6).toString('hex');
  const closing = new AbortController();
  const closed = new Promise<void>(resolve => closing.signal.addEventListener('abort', () => resolve()));
  const listening = keepListening();

  async function keepListening(): Promise<void> {
    let lost = false;
    while (!closing.signal.aborted) {
      try {
        await listen(() => {
          if (lost) logger.info({ server: server.name }, 'receiving change notifications again');
          lost = false;
        });
      } catch (error) {
        if (!lost)
          logger.warn({ err: error, server: server.name }, 'the connection for change notifications was lost; polling');
        lost = true;
        await pause(RETRY_MS, undefined, closing).catch(() => {});
      }
    }
  }

  /** Resolves when this side ends the connection. */
  async function listen(onceListening: () => void): Promise<void> {
    const client = server.client();
    const lost = new Promise<never>((_, reject) => {
      // Each of them may come first, and an unhandled error would end the process.
      client.on('error', reject);
      client.on('end', () => reject(new Error('the connection ended')));
    });
    lost.catch(() => {});
    try {
      await client.connect();
      client.on('notification', ({ payload = '' }) => hear(payload));
      await client.query(`listen ${CHANNEL}`);
      onceListening();
      // Earlier notifications are not repeated.
      onChange(null);
      await Promise.race([lost, closed]);
    } finally {
      await client.end();
    }
  }

  function hear(payload: string): void {
    const [sender, ids = '*'] = payload.split(' ');
    if (sender !== self) onChange(ids === '*' ? null : ids.split(',').map(Number));
  }

  return {
    async announce(transaction, microgridIds) {
      const payload = `${self} ${microgridIds.join(',')}`;
      const fitting = payload.length <= MAX_PAYLOAD_BYTES ? payload : `${self} *`;
      await sql`select pg_notify(${CHANNEL}, ${fitting})`.execute(transaction);
    },
    async close() {
      closing.abort();
      await listening;
    },
  };
}
