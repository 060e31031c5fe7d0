import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { sql, type Transaction } from 'kysely';

import type { Logger } from '../../../../logger.js';
import type { ServiceSchema } from '../schema.js';
import type { PostgresServer } from './postgresServer.js';

/** What the processes of a service tell each other through PostgreSQL. */
export interface PostgresNotifications {
  /** Tells the others, once the transaction is committed, that these microgrids have changes. */
  announce(transaction: Transaction<ServiceSchema>, microgridIds: readonly number[]): Promise<void>;
  close(): Promise<void>;
}

const CHANNEL = 'dispatch_change';
/** PostgreSQL aborts a transaction with a longer one. */
const MAX_PAYLOAD_BYTES = 7_999;
/** How long to wait before connecting anew. Meanwhile the feed learns of changes by its polls. */
const RETRY_MS = 500;

/**
 * Listens to the other processes, and listens again after its connection was lost.
 *
 * @param onChange gets the microgrids that another process has changed; null when it is not known which, or whether any.
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
          if (lost) logger.info({ server: server.name }, 'listening for changes again');
          lost = false;
        });
      } catch (error) {
        if (!lost) logger.warn({ err: error, server: server.name }, 'not listening for changes; polling for them');
        lost = true;
        await pause(RETRY_MS, undefined, closing).catch(() => {});
      }
    }
  }

  /** Fulfilled when this side ends the connection. */
  async function listen(onceListening: () => void): Promise<void> {
    const client = server.client();
    const lost = new Promise<never>((_, reject) => {
      // Each of them may come first, and an error that nobody handles ends the process.
      client.on('error', reject);
      client.on('end', () => reject(new Error('the connection ended')));
    });
    lost.catch(() => {});
    try {
      await client.connect();
      client.on('notification', ({ payload = '' }) => hear(payload));
      await client.query(`listen ${CHANNEL}`);
      onceListening();
      // What was announced before is not repeated.
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
