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
/** Interval of the tests whether notifications arrive. */
const TEST_INTERVAL_MS = 60_000;
/** Time that the notification of a test has to arrive, once it is sent. */
const ARRIVAL_MS = 2_000;
/** Interval at which changes are looked for while notifications do not arrive. */
const DEAF_POLL_MS = 250;

/** What {@link postgresNotifications} needs. */
export interface NotificationsSetup {
  readonly server: Pick<PostgresServer, 'name' | 'client'>;
  /** Sends an empty notification over another connection. */
  sendTest(channel: string): Promise<unknown>;
  /** Is called with the microgrids that another process has changed; with null when they are unknown. */
  onChange(microgridIds: readonly number[] | null): void;
  readonly logger: Logger;
}

/**
 * Listens to the other processes, and reconnects when the connection is lost.
 *
 * A pooler that gives each transaction another session takes `LISTEN` without a word, and notifications never arrive. So it notifies
 * itself now and then. While it does not hear that, it calls `onChange` with null four times a second.
 */
export function postgresNotifications({
  server,
  sendTest,
  onChange,
  logger,
}: NotificationsSetup): PostgresNotifications {
  const self = randomBytes(6).toString('hex');
  const testChannel = `dispatch_test_${self}`;
  const closing = new AbortController();
  const closed = new Promise<void>(resolve => closing.signal.addEventListener('abort', () => resolve()));
  /** Microgrids to announce. */
  const pending = new Set<number>();
  let collecting: NodeJS.Timeout | null = null;
  let sending = false;
  /** Null while the connection is lost, or tested. */
  let connected: pg.Client | null = null;
  /** Polls while notifications do not arrive. */
  let deaf: NodeJS.Timeout | null = null;
  let testArrived: () => void = () => {};
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
      client.on('notification', ({ channel, payload = '' }) => {
        if (channel === CHANNEL) hear(payload);
        else testArrived();
      });
      await client.query(`listen ${CHANNEL}; listen ${testChannel}`);
      onceListening();
      // Earlier notifications are not repeated.
      onChange(null);
      while (!closing.signal.aborted) {
        await test(Promise.race([lost, closed]));
        connected = client;
        collect();
        const untilNextTest = pause(TEST_INTERVAL_MS, undefined, { signal: closing.signal, ref: false });
        await Promise.race([lost, untilNextTest.catch(() => {})]);
        connected = null;
      }
    } finally {
      connected = null;
      await client.end();
    }
  }

  /**
   * Tests whether notifications arrive. Nothing else may use the connection meanwhile: a pooler hands over with the result of a query
   * what its session has received.
   */
  async function test(ended: Promise<void>): Promise<void> {
    // It may end before it is waited for.
    ended.catch(() => {});
    const arrived = new Promise<true>(resolve => {
      testArrived = () => resolve(true);
    });
    // When that fails, it tells nothing about the notifications.
    const sent = await sendTest(testChannel).then(
      () => true,
      () => false,
    );
    if (!sent) return;
    const over = new AbortController();
    const late = pause(ARRIVAL_MS, false, over).catch(() => null);
    const heard = await Promise.race([arrived, late, ended]).finally(() => over.abort());
    if (typeof heard === 'boolean') setDeaf(!heard);
  }

  function setDeaf(isDeaf: boolean): void {
    if (isDeaf === (deaf !== null)) return;
    if (deaf !== null) {
      clearInterval(deaf);
      deaf = null;
      logger.info({ server: server.name }, 'change notifications arrive');
      return;
    }
    deaf = setInterval(() => onChange(null), DEAF_POLL_MS);
    logger.warn({ server: server.name }, 'change notifications do not arrive, as behind a pooler; polling more often');
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
      if (deaf !== null) clearInterval(deaf);
      await listening;
    },
  };
}
