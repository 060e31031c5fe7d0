import { Status } from 'nice-grpc-common';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { MicrogridDispatchServiceDefinition } from '../../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { HealthCheckResponse_ServingStatus as Serving } from '../../../proto/gen/grpc/health/v1/health.js';
import { watchDatabase } from '../../../src/service/operation/watchDatabase.js';
import { openPostgresStore } from '../../../src/service/store/sql/postgres/openPostgresStore.js';
import { describeWithPostgres } from '../../support/describeWithPostgres.js';
import { keptLog } from '../../support/keptLog.js';
import { startPostgres, type TestPostgres } from '../../support/postgres.js';
import { clientsOf, servedStore, withKey } from '../../support/servedStore.js';

const SERVICE = MicrogridDispatchServiceDefinition.fullName;

describe('health', () => {
  it.each(['', SERVICE, 'grpc.health.v1.Health'])('is SERVING for the service %j', async service => {
    await using served = await servedStore();
    expect(await served.health.check({ service })).toEqual({ status: Serving.SERVING });
    const [first] = await take(served.health.watch({ service }), 1);
    expect(first).toEqual({ status: Serving.SERVING });
  });

  it('is NOT_FOUND for a service that is not there; a watch says SERVICE_UNKNOWN and stays open', async () => {
    await using served = await servedStore();
    await expect(served.health.check({ service: 'some.Other' })).rejects.toMatchObject({ code: Status.NOT_FOUND });
    const watch = served.health.watch({ service: 'some.Other' })[Symbol.asyncIterator]();
    expect(await watch.next()).toMatchObject({ value: { status: Serving.SERVICE_UNKNOWN } });
    const end = watch.next();
    end.catch(() => {});
    await served.health.check({});
    await served.stop();
    await expect(end).rejects.toMatchObject({ code: Status.UNAVAILABLE });
  });

  it('needs no key', async () => {
    await using served = await servedStore(undefined, { access: withKey('key') });
    expect(await served.health.check({})).toEqual({ status: Serving.SERVING });
    await expect(served.dispatches.listMicrogridDispatches({ microgridId: 1n })).rejects.toMatchObject({
      code: Status.UNAUTHENTICATED,
    });
  });

  it('is watched on when keys change', async () => {
    const access = withKey('key');
    await using served = await servedStore(undefined, { access });
    const watch = served.health.watch({})[Symbol.asyncIterator]();
    expect(await watch.next()).toMatchObject({ value: { status: Serving.SERVING } });
    const next = watch.next();
    access.keys?.replace([]);
    await served.stop();
    expect(await next).toMatchObject({ value: { status: Serving.NOT_SERVING } });
  });

  it('tells who watches that the service stops, and does not hold it up', async () => {
    await using served = await servedStore();
    const watch = served.health.watch({ service: SERVICE })[Symbol.asyncIterator]();
    expect(await watch.next()).toMatchObject({ value: { status: Serving.SERVING } });
    const next = watch.next();
    await served.stop();
    expect(await next).toMatchObject({ value: { status: Serving.NOT_SERVING } });
    await expect(watch.next()).rejects.toMatchObject({
      code: Status.UNAVAILABLE,
      details: 'the service is shutting down',
    });
  });

  it('is NOT_SERVING while the service drains, which still serves', async () => {
    await using served = await servedStore(undefined, { drainMs: 3_600_000 });
    const watch = served.health.watch({})[Symbol.asyncIterator]();
    await watch.next();
    const stopped = served.stop();
    expect(await watch.next()).toMatchObject({ value: { status: Serving.NOT_SERVING } });
    const newcomer = clientsOf(served.port);
    expect(await newcomer.health.check({})).toEqual({ status: Serving.NOT_SERVING });
    expect((await newcomer.dispatches.listMicrogridDispatches({ microgridId: 1n })).dispatches).toEqual([]);
    newcomer.channel.close();
    await served.stop({ now: true });
    await stopped;
  });
});

describe('watchDatabase', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  /** What it tells while `check` answers as it is told to. */
  function watched() {
    const told: boolean[] = [];
    let check: () => Promise<void> = async () => {};
    const stop = watchDatabase({ check: () => check() }, there => told.push(there));
    return {
      told,
      stop,
      answer(now: () => Promise<void>) {
        check = now;
      },
    };
  }

  it('says nothing while the database answers, or fails for less than three seconds', async () => {
    const { told, answer, stop } = watched();
    await vi.advanceTimersByTimeAsync(5_000);
    answer(() => Promise.reject(new Error('away')));
    await vi.advanceTimersByTimeAsync(2_999);
    answer(async () => {});
    await vi.advanceTimersByTimeAsync(10_000);
    expect(told).toEqual([]);
    stop();
  });

  it('says so once when it fails for three seconds, and when it answers again', async () => {
    const { told, answer, stop } = watched();
    answer(() => Promise.reject(new Error('away')));
    await vi.advanceTimersByTimeAsync(4_000);
    expect(told).toEqual([false]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(told).toEqual([false]);
    answer(async () => {});
    await vi.advanceTimersByTimeAsync(1_000);
    expect(told).toEqual([false, true]);
    stop();
  });

  it('does not ask again while it waits for an answer, and counts that as silence', async () => {
    const { told, answer, stop } = watched();
    let asked = 0;
    let reply: () => void = () => {};
    answer(() => {
      asked += 1;
      return new Promise(resolve => {
        reply = resolve;
      });
    });
    await vi.advanceTimersByTimeAsync(30_000);
    expect({ asked, told }).toEqual({ asked: 1, told: [false] });
    reply();
    await vi.advanceTimersByTimeAsync(0);
    expect(told).toEqual([false, true]);
    stop();
  });

  it('says nothing once it is stopped', async () => {
    const { told, answer, stop } = watched();
    answer(() => Promise.reject(new Error('away')));
    await vi.advanceTimersByTimeAsync(2_000);
    stop();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(told).toEqual([]);
  });
});

describeWithPostgres('health of a service on PostgreSQL', () => {
  let postgres: TestPostgres;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres[Symbol.asyncDispose]());

  it('is NOT_SERVING while the database is away, and SERVING once it is back', async () => {
    const { entries, logger } = keptLog();
    await using served = await servedStore(await openPostgresStore(await postgres.createDatabase()), { logger });
    const watch = served.health.watch({})[Symbol.asyncIterator]();
    expect(await watch.next()).toMatchObject({ value: { status: Serving.SERVING } });
    await postgres.stop();
    expect(await watch.next()).toMatchObject({ value: { status: Serving.NOT_SERVING } });
    expect(await served.health.check({ service: SERVICE })).toEqual({ status: Serving.NOT_SERVING });
    await postgres.start();
    expect(await watch.next()).toMatchObject({ value: { status: Serving.SERVING } });
    expect(entries.filter(({ message }) => message.includes('health is')).map(({ level }) => level)).toEqual([
      'error',
      'info',
    ]);
  });
});

/** The first answers of a stream, which is then cancelled. */
async function take<T>(answers: AsyncIterable<T>, count: number): Promise<T[]> {
  const taken: T[] = [];
  for await (const answer of answers) {
    taken.push(answer);
    if (taken.length === count) break;
  }
  return taken;
}
