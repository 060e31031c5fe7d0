import { pathToFileURL } from 'node:url';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { Metadata, Status } from 'nice-grpc-common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DispatchError } from '../../../src/model/dispatchError.js';
import { keyRing } from '../../../src/service/access/keyRing.js';
import type { DispatchServiceOptions } from '../../../src/service/index.js';
import { serviceMetrics } from '../../../src/service/operation/serviceMetrics.js';
import { memoryStore } from '../../../src/service/store/memory/memoryStore.js';
import { compiledModule } from '../../support/compiled.js';
import { describeWithPostgres } from '../../support/describeWithPostgres.js';
import { creation } from '../../support/dispatchRow.js';
import { grpcFrame, http2Calls } from '../../support/http2Calls.js';
import { startPostgres, type TestPostgres } from '../../support/postgres.js';
import { runProgram } from '../../support/program.js';
import { created, dispatchData, openStream, rawService } from '../../support/rawService.js';
import { servedStore } from '../../support/servedStore.js';
import { sqlitePlace } from '../../support/stores.js';

/** A service with metrics, and what reads them. */
async function measuredService(options: DispatchServiceOptions = {}) {
  const raw = await rawService({ metrics: '0', ...options });
  const url = raw.service.metricsUrl ?? '';
  return { ...raw, url, figures: async () => figuresOf(await (await fetch(url)).text()) };
}

/** The lines of a text of Prometheus, by name and labels. */
function figuresOf(text: string): Record<string, number> {
  const lines = text.split('\n').filter(line => line !== '' && !line.startsWith('#'));
  return Object.fromEntries(
    lines.map(line => {
      const [, name = '', value] = /^(.+) (\S+)$/.exec(line) ?? [];
      return [name, Number(value)];
    }),
  );
}

describe('metrics', () => {
  it('count calls by method, status and key, and how long they took, but not of streams', async () => {
    await using measured = await measuredService();
    const { client, figures } = measured;
    await created(client);
    await created(client);
    await client.getMicrogridDispatch({ microgridId: 1n, dispatchId: 99n }).catch(() => {});
    {
      await using _ = await openStream(client);
    }
    await expect.poll(figures).toMatchObject({
      'dispatch_calls_total{method="CreateMicrogridDispatch",status="OK",key=""}': 2,
      'dispatch_calls_total{method="GetMicrogridDispatch",status="NOT_FOUND",key=""}': 1,
      'dispatch_calls_total{method="StreamMicrogridDispatches",status="CANCELLED",key=""}': 1,
      'dispatch_call_duration_seconds_count{method="CreateMicrogridDispatch"}': 2,
      'dispatch_call_duration_seconds_bucket{le="15",method="CreateMicrogridDispatch"}': 2,
    });
    expect(Object.keys(await figures()).filter(name => /duration.*Stream/.test(name))).toEqual([]);
  });

  it('count whatever is refused: by headers, by grpc-js, and what is no call at all', async () => {
    await using measured = await measuredService({ authKey: 'key' });
    using calls = http2Calls(measured.service);
    const path = '/frequenz.api.dispatch.v1.MicrogridDispatchService/GetMicrogridDispatch';
    const headers = { key: 'key' };
    const slow = Array.from({ length: 100 }, () => calls.call({ path, body: Buffer.of(0), ends: false }));
    const body = grpcFrame(new Uint8Array(200_000));
    await Promise.all([
      ...slow,
      calls.call({ path, headers, body }),
      calls.call({ path, headers, body: Buffer.alloc(0) }),
      calls.call({ path: '/no.Service/Call' }),
      calls.call({ path, headers: { ...headers, 'content-type': 'text/html' } }),
    ]);
    const refused = (status: string, key: string) =>
      `dispatch_calls_total{method="GetMicrogridDispatch",status="${status}",key="${key}"}`;
    await expect.poll(measured.figures).toMatchObject({
      [refused('UNAUTHENTICATED', '')]: 100,
      [refused('RESOURCE_EXHAUSTED', 'default')]: 1,
      [refused('UNIMPLEMENTED', 'default')]: 1,
      dispatch_unknown_calls_total: 2,
    });
  });

  it('have labels of their own for a hundred keys, which go with the key', async () => {
    const metrics = serviceMetrics();
    const call = (key: string) =>
      metrics.callEnded({
        ...{ method: 'GetMicrogridDispatch', status: Status.OK, peer: '', streaming: false, durationMs: 1 },
        key,
      });
    for (let index = 0; index < 10_000; index += 1) call(`plant-${index}`);
    const count = (figures: Record<string, number>, key: string) =>
      figures[`dispatch_calls_total{method="GetMicrogridDispatch",status="OK",key="${key}"}`];
    const before = figuresOf(await metrics.text());
    expect([count(before, 'plant-0'), count(before, 'plant-100'), count(before, '(others)')]).toEqual([
      1,
      undefined,
      9_900,
    ]);
    metrics.forgetKey('plant-0');
    metrics.forgetKey('plant-100');
    call('plant-100');
    const after = figuresOf(await metrics.text());
    expect([count(after, 'plant-0'), count(after, 'plant-100'), count(after, '(others)')]).toEqual([
      undefined,
      1,
      9_900,
    ]);
  });

  it('have no label again for a key that was removed, when its last streams end', async () => {
    const metrics = serviceMetrics();
    const keys = keyRing([{ name: 'old', key: 'old', secret: undefined, microgrids: 'all' }]);
    keys.onRemoved(({ name }) => metrics.forgetKey(name));
    metrics.measure({
      store: { count: async () => 0 },
      feed: { figures: () => ({ streams: 0, waiting: 0, unreadMs: 0 }) },
      servers: [{ unknownCalls: () => 0, curbedConnections: () => 0 }],
      keys,
    });
    const end = () =>
      metrics.callEnded({
        ...{ method: 'StreamMicrogridDispatches', status: Status.OK, peer: '', streaming: true, durationMs: 1 },
        key: 'old',
      });
    const series = async (key: string) =>
      figuresOf(await metrics.text())[
        `dispatch_calls_total{method="StreamMicrogridDispatches",status="OK",key="${key}"}`
      ];
    end();
    expect([await series('old'), await series('(others)')]).toEqual([1, undefined]);
    keys.replace([]);
    end();
    expect([await series('old'), await series('(others)')]).toEqual([undefined, 1]);
  });

  it('tell of streams, of what is sent on them and how late, and of dispatches and writes', async () => {
    await using measured = await measuredService();
    const { client, figures } = measured;
    await using one = await openStream(client);
    await using other = await openStream(client, 2n);
    await created(client);
    await created(client, {}, 2n);
    await created(client, {}, 2n);
    for (const stream of [one, other, other]) await stream.next();
    const told = await figures();
    expect(told).toMatchObject({
      dispatch_streams: 2,
      dispatch_feed_waiting: 0,
      dispatch_feed_unread_seconds: 0,
      dispatch_feed_lag_seconds_count: 3,
      dispatch_dispatches: 3,
      dispatch_writes_waiting: 0,
      dispatch_write_duration_seconds_count: 3,
      dispatch_streams_dropped_total: 0,
      dispatch_serving: 1,
    });
    expect(told['dispatch_feed_lag_seconds_bucket{le="15"}']).toBe(3);
  });

  it('tell which version runs, and of its process', async () => {
    await using measured = await measuredService();
    const told = await measured.figures();
    const [info] = Object.keys(told).filter(name => name.startsWith('dispatch_build_info'));
    expect(info).toMatch(/^dispatch_build_info\{version="\d+\.\d+\.\d+",node="\d+\.\d+\.\d+"\}$/);
    expect(told.process_resident_memory_bytes).toBeGreaterThan(0);
    expect(told.nodejs_eventloop_lag_p99_seconds).toBeGreaterThanOrEqual(0);
  });

  it('are those of one service only', async () => {
    await using one = await measuredService();
    await using other = await measuredService();
    await created(one.client);
    expect((await one.figures()).dispatch_dispatches).toBe(1);
    expect((await other.figures()).dispatch_dispatches).toBe(0);
  });

  it('count streams that were dropped because their peers do not read', async () => {
    const metrics = serviceMetrics();
    const store = memoryStore({ observer: metrics });
    await using served = await servedStore(store, { metrics });
    const stream = served.dispatches.streamMicrogridDispatches({ microgridId: 1n })[Symbol.asyncIterator]();
    const first = stream.next();
    // A field that nobody knows, so that a client can read it.
    const message = new BinaryWriter().tag(999, WireType.LengthDelimited).bytes(new Uint8Array(20_000)).finish();
    first.catch(() => {});
    await expect
      .poll(
        async () => {
          await Promise.all(Array.from({ length: 500 }, () => store.apply(1, creation({ message }))));
          return figuresOf(await metrics.text());
        },
        { timeout: 20_000 },
      )
      .toMatchObject({ dispatch_streams_dropped_total: 1, dispatch_feed_waiting: 0 });
  });

  it('count failures of the database, and not what callers did wrong', async () => {
    await using place = sqlitePlace();
    const metrics = serviceMetrics();
    const store = await place.open({ observer: metrics });
    metrics.measure({
      store,
      feed: { figures: () => ({ streams: 0, waiting: 0, unreadMs: 0 }) },
      servers: [{ unknownCalls: () => 0, curbedConnections: () => 0 }],
      keys: null,
    });
    await place.execute('DROP TABLE dispatch');
    const refusal = new DispatchError('INVALID_ARGUMENT', 'no');
    const refused = {
      id: null,
      decide() {
        throw refusal;
      },
    };
    await expect(store.apply(1, refused)).rejects.toBe(refusal);
    await expect(store.get(1, 1)).rejects.toThrow('no such table');
    const query = { filter: {}, sort: { column: 'createUs', descending: false } } as const;
    await expect(store.list(1, query, null, 1, 1)).rejects.toThrow('no such table');
    const told = figuresOf(await metrics.text());
    expect(told).toMatchObject({
      'dispatch_database_failures_total{operation="get"}': 1,
      'dispatch_database_failures_total{operation="list"}': 1,
      dispatch_dispatches: 0,
    });
    expect(told).not.toHaveProperty(['dispatch_database_failures_total{operation="write"}']);
    expect(figuresOf(await metrics.text())).toMatchObject({
      'dispatch_database_failures_total{operation="count"}': 1,
    });
    await store.close();
  });

  it('tell how many writes wait for the database', async () => {
    const metrics = serviceMetrics();
    const ends = [metrics.operationStarted('write'), metrics.operationStarted('write')];
    metrics.operationStarted('get');
    expect(figuresOf(await metrics.text())).toMatchObject({ dispatch_writes_waiting: 2 });
    ends[0]?.();
    ends[1]?.(new DispatchError('INVALID_ARGUMENT', 'refused'));
    expect(figuresOf(await metrics.text())).toMatchObject({
      dispatch_writes_waiting: 0,
      dispatch_write_duration_seconds_count: 2,
    });
  });

  it('tell no key, and no peer', async () => {
    await using measured = await measuredService({ authKey: 'the-auth-key' });
    const metadata = Metadata({ key: 'the-auth-key' });
    await measured.client.createMicrogridDispatch({ microgridId: 1n, dispatchData: dispatchData() }, { metadata });
    const text = await (await fetch(measured.url)).text();
    expect(text).toContain('method="CreateMicrogridDispatch"');
    expect(text).not.toContain('the-auth-key');
  });

  it('are at /metrics, on loopback unless a host is given', async () => {
    await using measured = await measuredService();
    expect(measured.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/metrics$/);
    const response = await fetch(`${measured.url}?x=1`);
    expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    expect((await fetch(measured.url, { method: 'POST' })).status).toBe(405);
    expect((await fetch(measured.url.replace('/metrics', '/'))).status).toBe(404);
    await using named = await measuredService({ metrics: 'localhost:0' });
    expect(named.url).toMatch(/^http:\/\/localhost:\d+\/metrics$/);
  });

  it('are gone when the service has stopped', async () => {
    await using measured = await measuredService();
    await measured.figures();
    await measured.service.stop();
    await expect(fetch(measured.url)).rejects.toThrow();
  });

  it('refuse an address that is none, and tell which is in use', async () => {
    await expect(rawService({ metrics: 'x' })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      field: 'metrics',
      message: "metrics: 'x' is not HOST:PORT, such as 127.0.0.1:50051",
    });
    await using measured = await measuredService();
    const { host } = new URL(measured.url);
    await expect(rawService({ metrics: host })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringMatching(new RegExp(`^cannot listen on ${host} for /metrics: .*EADDRINUSE`)),
    });
  });

  it('load nothing where they are not asked for', async () => {
    const entry = pathToFileURL(compiledModule('src/service/index.ts'));
    const { stdout } = await runProgram(`
      const { createRequire } = await import('node:module');
      const { startDispatchService } = await import('${entry}');
      const service = await startDispatchService();
      await service.stop();
      const loaded = Object.keys(createRequire('${entry}').cache);
      console.log(loaded.some(path => path.includes('grpc-js')), loaded.some(path => path.includes('prom-client')));
    `);
    expect(stdout).toBe('true false\n');
  });
});

describeWithPostgres('metrics of a service on PostgreSQL', () => {
  let postgres: TestPostgres;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres[Symbol.asyncDispose]());

  it('count the dispatches of all processes, and can be read while the database is away', async () => {
    const database = await postgres.createDatabase();
    await using other = await rawService({ database });
    await created(other.client);
    await using measured = await measuredService({ database });
    await using _ = await openStream(measured.client);
    expect(await measured.figures()).toMatchObject({ dispatch_dispatches: 1 });
    await postgres.stop();
    await measured.client.getMicrogridDispatch({ microgridId: 1n, dispatchId: 1n }).catch(() => {});
    const figures = measured.figures;
    await expect.poll(figures, { timeout: 10_000 }).toMatchObject({
      dispatch_dispatches: 1,
      dispatch_serving: 0,
      'dispatch_database_failures_total{operation="get"}': 1,
      'dispatch_calls_total{method="GetMicrogridDispatch",status="UNAVAILABLE",key=""}': 1,
    });
    expect((await figures()).dispatch_feed_unread_seconds).toBeGreaterThan(0);
    await postgres.start();
    await expect
      .poll(figures, { timeout: 10_000 })
      .toMatchObject({ dispatch_serving: 1, dispatch_feed_unread_seconds: 0 });
  });
});
