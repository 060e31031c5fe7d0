import { once } from 'node:events';
import { type ClientHttp2Session, connect } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { Status } from 'nice-grpc-common';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DispatchStore } from '../../src/service/domain/dispatchStore.js';
import { memoryStore } from '../../src/service/store/memory/memoryStore.js';
import { openPostgresStore } from '../../src/service/store/sql/postgres/openPostgresStore.js';
import { deferred } from '../support/deferred.js';
import { describeWithPostgres } from '../support/describeWithPostgres.js';
import { creation } from '../support/dispatchRow.js';
import { keptLog } from '../support/keptLog.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { openStream, rawService } from '../support/rawService.js';
import { clientsOf, servedStore } from '../support/servedStore.js';
import { tcpProxy } from '../support/tcpProxy.js';

const IDS = { microgridId: 1n, dispatchId: 1n };
const HOUR_MS = 3_600_000;

/** A store of which reads hang until they are let go. */
function hangingStore() {
  const asked = deferred();
  const released = deferred();
  const store: DispatchStore = {
    ...memoryStore(),
    async get() {
      asked.resolve();
      await released.promise;
      return { id: 1, message: new Uint8Array() };
    },
  };
  return { store, asked: asked.promise, release: released.resolve };
}

describe('a service that stops', () => {
  it('lets calls under way end', async () => {
    const { store, asked, release } = hangingStore();
    await using served = await servedStore(store, { stopGraceMs: HOUR_MS });
    const call = served.dispatches.getMicrogridDispatch(IDS);
    await asked;
    const stopped = served.stop();
    release();
    expect(await call).toMatchObject({ microgridId: 1n });
    await stopped;
  });

  it('cuts calls that have not ended in time, and says so', async () => {
    const { entries, logger } = keptLog();
    const { store, asked } = hangingStore();
    await using served = await servedStore(store, { stopGraceMs: 20, logger });
    const call = served.dispatches.getMicrogridDispatch(IDS);
    call.catch(() => {});
    await asked;
    await served.stop();
    await expect(call).rejects.toMatchObject({ code: expect.any(Number) });
    expect(entries).toContainEqual({
      level: 'warn',
      message: 'calls that did not end in time were cancelled',
      fields: {},
    });
  });

  it('cuts them at once when it is told to, also while it waits', async () => {
    const { store, asked } = hangingStore();
    await using served = await servedStore(store, { drainMs: HOUR_MS, stopGraceMs: HOUR_MS });
    const call = served.dispatches.getMicrogridDispatch(IDS);
    call.catch(() => {});
    await asked;
    const stopped = served.stop();
    await served.stop({ now: true });
    await stopped;
    await expect(call).rejects.toMatchObject({ code: expect.any(Number) });
  });

  it('is not held up by a connection that comes in at the same moment', async () => {
    await using served = await servedStore();
    const socket = connectTcp(served.port, '127.0.0.1');
    socket.on('error', () => {});
    await once(socket, 'connect');
    await served.stop({ now: true });
    socket.destroy();
  });

  it('stops once, however often it is told', async () => {
    const { entries, logger } = keptLog();
    const { service } = await rawService({ logger });
    await Promise.all([service.stop(), service.stop(), service.stop({ now: true })]);
    await service.stop();
    expect(entries.filter(({ message }) => message === 'the service has stopped')).toHaveLength(1);
  });

  it.each(['stopGraceMs', 'drainMs', 'maxConnectionAgeMs', 'keepAliveMs'])('refuses a %s that is none', async field => {
    for (const value of [-1, Number.NaN, Number.POSITIVE_INFINITY, 3 * 10 ** 9]) {
      await expect(rawService({ [field]: value })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', field });
    }
  });
});

describe('connections', () => {
  /** Pings so often, one after the other; fails when the service sends it away. */
  async function ping(session: ClientHttp2Session, count: number): Promise<void> {
    for (let sent = 0; sent < count; sent += 1) {
      await new Promise<void>((resolve, reject) => session.ping(error => (error ? reject(error) : resolve())));
    }
  }

  it('may ping as fast as they like, without a call and with one', async () => {
    await using served = await servedStore();
    const session = connect(`http://127.0.0.1:${served.port}`);
    const goneAway: number[] = [];
    session.on('goaway', code => goneAway.push(code));
    await once(session, 'connect');
    await ping(session, 300);
    const watch = session.request({
      ':method': 'POST',
      ':path': '/grpc.health.v1.Health/Watch',
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    // A message of no bytes: the request for the server as a whole.
    watch.end(Buffer.alloc(5));
    await once(watch, 'data');
    await ping(session, 300);
    expect(goneAway).toEqual([]);
    expect(session.destroyed).toBe(false);
    session.destroy();
  });

  it('of peers that vanished are noticed, and their streams end', async () => {
    const { entries, logger } = keptLog();
    await using served = await servedStore(undefined, {
      logger,
      connections: { keepAliveMs: 50, keepAliveTimeoutMs: 50 },
    });
    await using proxy = await tcpProxy(served.port);
    const { dispatches, channel } = clientsOf(proxy.port);
    await using _ = await openStream(dispatches);
    proxy.freeze();
    await expect
      .poll(() => entries, { timeout: 10_000 })
      .toContainEqual(
        expect.objectContaining({ message: 'stream', fields: expect.objectContaining({ status: 'CANCELLED' }) }),
      );
    channel.close();
  });

  it('end at their greatest age, streams included, and clients connect again', async () => {
    const { entries, logger } = keptLog();
    await using served = await servedStore(undefined, { logger, stopGraceMs: 50, connections: { maxAgeMs: 200 } });
    await using stream = await openStream(served.dispatches);
    await expect(stream.next()).rejects.toMatchObject({ code: Status.UNAVAILABLE });
    expect(await served.dispatches.listMicrogridDispatches({ microgridId: 1n })).toMatchObject({ dispatches: [] });
    await using again = await openStream(served.dispatches);
    await served.dispatches.listMicrogridDispatches({ microgridId: 1n });
    expect(again).toBeDefined();
    expect(entries).toContainEqual(
      expect.objectContaining({ message: 'stream', fields: expect.objectContaining({ status: 'UNAVAILABLE' }) }),
    );
  });
});

describeWithPostgres('a store on PostgreSQL that is closed', () => {
  let postgres: TestPostgres;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres[Symbol.asyncDispose]());

  it('does not wait for a write that somebody else holds up', async () => {
    const database = await postgres.createDatabase();
    const store = await openPostgresStore(database);
    await store.apply(1, creation());
    const other = new pg.Client(database);
    await other.connect();
    await other.query('begin; select * from microgrid where id = 1 for update');
    const write = store.apply(1, creation());
    write.catch(() => {});
    const waiting = async () => {
      const { rows } = await other.query(`select 1 from pg_stat_activity where wait_event_type = 'Lock'`);
      return rows.length;
    };
    await expect.poll(waiting, { timeout: 5_000 }).toBe(1);
    await store.close();
    // Had it waited, the database would have told of its own limit.
    await expect(write).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      cause: { message: expect.stringMatching(/^(Connection terminated unexpectedly|Cannot use a pool after)/) },
    });
    await other.end();
  });
});
