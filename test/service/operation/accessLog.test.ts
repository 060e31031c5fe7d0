import { gzipSync } from 'node:zlib';
import { Metadata, ServerError, Status } from 'nice-grpc-common';
import { describe, expect, it, vi } from 'vitest';
import { StreamMicrogridDispatchesRequest } from '../../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import type { DispatchStore } from '../../../src/service/domain/dispatchStore.js';
import { accessLog } from '../../../src/service/operation/accessLog.js';
import type { EndedCall } from '../../../src/service/operation/endedCall.js';
import { memoryStore } from '../../../src/service/store/memory/memoryStore.js';
import { deferred } from '../../support/deferred.js';
import { grpcFrame, http2Calls } from '../../support/http2Calls.js';
import { keptLog, type LogEntry } from '../../support/keptLog.js';
import { created, dispatchData, openStream, rawService } from '../../support/rawService.js';
import { servedStore } from '../../support/servedStore.js';

const CALL: EndedCall = {
  method: 'GetMicrogridDispatch',
  status: Status.OK,
  peer: '127.0.0.1:1',
  durationMs: 1.26,
  streaming: false,
};

/** The lines of calls, as a logger writes them. */
const ofCalls = (entries: readonly LogEntry[]) =>
  entries
    .filter(({ message }) => message === 'call' || message === 'stream')
    .map(({ level, message, fields }): Record<string, unknown> => ({ ...fields, level, message }));

describe('the log of calls', () => {
  it('tells who changed what', async () => {
    const { entries, logger } = keptLog();
    await using raw = await rawService({ logger });
    const { id } = await created(raw.client, {}, 7n);
    await raw.client.deleteMicrogridDispatch({ microgridId: 7n, dispatchId: id });
    const line = {
      level: 'info',
      message: 'call',
      status: 'OK',
      microgrid: 7,
      dispatch: Number(id),
      peer: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
      ms: expect.any(Number),
    };
    expect(ofCalls(entries)).toEqual([
      { ...line, method: 'CreateMicrogridDispatch' },
      { ...line, method: 'DeleteMicrogridDispatch' },
    ]);
  });

  it('tells why a call was refused, and nothing of what it carried', async () => {
    const { entries, logger, text } = keptLog();
    await using raw = await rawService({ logger, authKey: 'the-auth-key' });
    const payload = { secret: 'in the payload' };
    const create = (type: string, key: string) =>
      raw.client
        .createMicrogridDispatch(
          { microgridId: 1n, dispatchData: dispatchData({ type, payload }) },
          { metadata: Metadata({ key, other: 'in the metadata' }) },
        )
        .catch(() => {});
    await create('', 'the-auth-key');
    await create('T', 'a-wrong-key');
    await create('T', 'the-auth-key');
    expect(ofCalls(entries)).toMatchObject([
      { level: 'info', status: 'INVALID_ARGUMENT', reason: expect.stringContaining('type') },
      { level: 'warn', status: 'UNAUTHENTICATED', reason: 'the API key is not accepted' },
      { level: 'info', status: 'OK' },
    ]);
    await raw.service.stop();
    expect(text()).not.toMatch(/the-auth-key|a-wrong-key|in the payload|in the metadata/);
  });

  it('tells of a stream when it has ended', async () => {
    const { entries, logger } = keptLog();
    await using raw = await rawService({ logger });
    {
      await using stream = await openStream(raw.client, 3n);
      await created(raw.client, {}, 3n);
      await stream.next();
    }
    await expect
      .poll(() => ofCalls(entries))
      .toContainEqual(
        expect.objectContaining({ level: 'debug', message: 'stream', microgrid: 3, status: 'CANCELLED' }),
      );
    await using stream = await openStream(raw.client, 4n);
    await raw.service.stop();
    await stream.next().catch(() => {});
    expect(ofCalls(entries).at(-1)).toMatchObject({ level: 'debug', microgrid: 4, status: 'UNAVAILABLE' });
  });

  it('says that a call was cancelled when nobody waits for its answer', async () => {
    const { entries, logger } = keptLog();
    const controller = new AbortController();
    const asked = deferred();
    const answered = deferred();
    const store: DispatchStore = {
      ...memoryStore(),
      async get() {
        asked.resolve();
        await answered.promise;
        return { id: 1, message: new Uint8Array() };
      },
    };
    await using served = await servedStore(store, { logger });
    const ids = { microgridId: 1n, dispatchId: 1n };
    const call = served.dispatches.getMicrogridDispatch(ids, { signal: controller.signal });
    call.catch(() => {});
    await asked.promise;
    controller.abort();
    // What goes over the same connection comes after the cancellation.
    await served.health.check({});
    answered.resolve();
    await expect(call).rejects.toMatchObject({ name: 'AbortError' });
    await expect
      .poll(() => ofCalls(entries).filter(({ method }) => method === 'GetMicrogridDispatch'))
      .toMatchObject([{ level: 'debug', status: 'CANCELLED' }]);
  });

  it('tells the status of what grpc-js ends by itself', async () => {
    const { entries, logger } = keptLog();
    await using served = await servedStore(memoryStore(), { logger });
    using calls = http2Calls(served);
    const request = StreamMicrogridDispatchesRequest.encode({ microgridId: 1n }).finish();
    const stream = '/frequenz.api.dispatch.v1.MicrogridDispatchService/StreamMicrogridDispatches';
    const late = await calls.call({ path: stream, headers: { 'grpc-timeout': '50m' }, body: grpcFrame(request) });
    expect(late.status).toBe(Status.DEADLINE_EXCEEDED);
    const reflection = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo';
    const bomb = grpcFrame(gzipSync(Buffer.alloc(10_000_000)), true);
    const large = await calls.call({ path: reflection, headers: { 'grpc-encoding': 'gzip' }, body: bomb });
    expect(large.status).toBe(Status.RESOURCE_EXHAUSTED);
    await expect
      .poll(() => ofCalls(entries).map(({ method, status }) => [method, status]))
      .toEqual([
        ['StreamMicrogridDispatches', 'DEADLINE_EXCEEDED'],
        ['ServerReflectionInfo', 'RESOURCE_EXHAUSTED'],
      ]);
  });

  it('makes a line of a failure that only the log is told of', async () => {
    const { entries, logger } = keptLog();
    const store = { ...memoryStore(), get: () => Promise.reject(new Error('hunter2')) };
    await using served = await servedStore(store, { logger });
    const call = served.dispatches.getMicrogridDispatch({ microgridId: 1n, dispatchId: 2n });
    await expect(call).rejects.toMatchObject({ code: Status.INTERNAL });
    expect(ofCalls(entries)).toMatchObject([{ level: 'error', status: 'INTERNAL', microgrid: 1, dispatch: 2 }]);
    expect(JSON.stringify(ofCalls(entries))).not.toContain('hunter2');
  });

  it.each<[Status, LogEntry['level']]>([
    [Status.OK, 'debug'],
    [Status.CANCELLED, 'debug'],
    [Status.NOT_FOUND, 'info'],
    [Status.FAILED_PRECONDITION, 'info'],
    [Status.PERMISSION_DENIED, 'warn'],
    [Status.RESOURCE_EXHAUSTED, 'warn'],
    [Status.UNAVAILABLE, 'warn'],
    [Status.UNKNOWN, 'error'],
  ])('has status %d at level %s', (status, level) => {
    const { entries, logger } = keptLog();
    accessLog(logger, () => false).callEnded({ ...CALL, status });
    expect(ofCalls(entries)).toEqual([
      {
        level,
        message: 'call',
        method: 'GetMicrogridDispatch',
        status: Status[status],
        peer: '127.0.0.1:1',
        ms: 1.3,
      },
    ]);
  });

  it('blames no failure of the service for a call that was never served', () => {
    const { entries, logger } = keptLog();
    const log = accessLog(logger, () => false);
    log.callEnded({ ...CALL, status: Status.INTERNAL, reason: 'Failed to decompress message', unserved: true });
    expect(ofCalls(entries)).toMatchObject([{ level: 'info', status: 'INTERNAL' }]);
  });

  it('has ten refusals of a key in a second, and the number of the others', () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { entries, logger } = keptLog();
    const log = accessLog(logger, () => false);
    const refuse = (count: number, key?: string) => {
      const ended = { ...CALL, status: Status.UNAUTHENTICATED, ...(key !== undefined && { key }) };
      for (let index = 0; index < count; index += 1) log.callEnded(ended);
    };
    const lines = () => entries.splice(0).map(({ level, message, fields }) => ({ ...fields, level, message }));
    const leftOut = { level: 'warn', message: 'more calls were refused than are logged' };
    refuse(1_000);
    refuse(13, 'a');
    refuse(10, 'b');
    log.callEnded({ ...CALL, method: 'CreateMicrogridDispatch', key: 'a' });
    log.callEnded({ ...CALL, status: Status.INTERNAL, key: 'a' });
    expect(lines().map(({ message }) => message)).toEqual(Array(32).fill('call'));
    vi.advanceTimersByTime(1_000);
    expect(lines()).toEqual([
      { ...leftOut, leftOut: 990 },
      { ...leftOut, key: 'a', leftOut: 3 },
    ]);
    refuse(11, 'a');
    expect(lines()).toHaveLength(10);
    log.flush();
    expect(lines()).toEqual([{ ...leftOut, key: 'a', leftOut: 1 }]);
    vi.advanceTimersByTime(10_000);
    expect(lines()).toEqual([]);
    vi.useRealTimers();
  });

  it('cuts a long reason', () => {
    const { entries, logger } = keptLog();
    const { details } = new ServerError(Status.INVALID_ARGUMENT, 'x'.repeat(5_000));
    accessLog(logger, () => false).callEnded({ ...CALL, status: Status.INVALID_ARGUMENT, reason: details });
    expect(ofCalls(entries)[0]?.reason).toHaveLength(300);
  });
});
