import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';

import type { Logger } from '../../../../logger.js';
import type { PostgresServer } from './postgresServer.js';

/** Notifications between the processes of a service, over PostgreSQL. */
export interface PostgresNotifications {
  /** Notifies the other processes, some milliseconds later, that these microgrids have changes, which are committed. */
  announce(microgridIds: readonly number[]): void;
  close(): Promise<void>;
}

const CHANNEL = 'dispatch_change';
/** Maximum payload: PostgreSQL refuses a longer one. */
const MAX_PAYLOAD_BYTES = 7_999;
/**
 * Time over which announcements are collected. They are sent outside of the transactions of writes, because PostgreSQL makes all
 * commits that notify wait for each other.
 */
const COLLECT_MS = 5;
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
  /** Microgrids to announce. */
  const pending = new Set<number>();
  let collecting: NodeJS.Timeout | null = null;
  let sending = false;
  /** Null while the connection is lost. */
  let connected: pg.Client | null = null;
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
      connected = client;
      collect();
      await Promise.race([lost, closed]);
    } finally {
      connected = null;
      await client.end();
    }
  }

  function hear(payload: string): void {
    const [sender, ids = '*'] = payload.split(' ');
    if (sender !== self) onChange(ids === '*' ? null : ids.split(',').map(Number));
  }

  function collect(): void {
    if (pending.size > 0 && !sending) collecting ??= setTimeout(send, COLLECT_MS);
  }

  async function send(): Promise<void> {
    collecting = null;
    // Those that are left are sent once the connection is back.
    if (connected === null) return;
    const ids = [...pending];
    pending.clear();
    sending = true;
    try {
      await notify(connected, ids);
      sending = false;
      collect();
    } catch {
      // The connection is lost, which is logged where it is kept.
      sending = false;
      for (const id of ids) pending.add(id);
    }
  }

  async function notify(client: pg.Client, microgridIds: readonly number[]): Promise<void> {
    const payload = `${self} ${microgridIds.join(',')}`;
    const fitting = payload.length <= MAX_PAYLOAD_BYTES ? payload : `${self} *`;
    // A notification that is lost with the server does no harm, so that nobody needs to wait for its disk.
    const query = `select set_config('synchronous_commit', 'off', true), pg_notify($1, $2)`;
    await client.query(query, [CHANNEL, fitting]);
  }

  return {
    announce(microgridIds) {
      for (const id of microgridIds) pending.add(id);
      collect();
    },
    async close() {
      closing.abort();
      if (collecting !== null) clearTimeout(collecting);
      await listening;
    },
  };
}
