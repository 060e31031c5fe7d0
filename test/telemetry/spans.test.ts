import { Metadata } from '@grpc/grpc-js';
import { type AttributeValue, SpanStatusCode, trace } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { type ReadableSpan, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { Status } from 'nice-grpc';
import { describe, expect, it, vi } from 'vitest';
import { CreateMicrogridDispatchResponse } from '../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { DispatchClient } from '../../src/client/dispatchClient.js';
import type { NewDispatch } from '../../src/client/requests.js';
import { Dispatcher } from '../../src/dispatcher/dispatcher.js';
import { silentLogger } from '../../src/logger.js';
import { serverSpans } from '../../src/telemetry/serverSpans.js';
import { startTestService } from '../../src/testing/startTestService.js';
import { encodeDispatch } from '../../src/wire/dispatchCodec.js';
import { REQUEST_ID, REQUEST_IDS_KEPT_S } from '../../src/wire/requestId.js';
import { dispatchRecord } from '../support/dispatchRecord.js';
import { failing, scriptedService } from '../support/scriptedService.js';
import { inWords, type Tracing, tracing } from '../support/tracing.js';

const creation: NewDispatch = { type: 'CHARGE', startTime: 'NOW', selector: { ids: [5] } };

/** Waits for spans: the one of the service may end after the call. */
async function spansOf(traced: Tracing, count: number): Promise<ReadableSpan[]> {
  const spans: ReadableSpan[] = [];
  await expect
    .poll(() => {
      spans.push(...traced.take());
      return spans.length;
    })
    .toBe(count);
  return spans;
}

function named(spans: readonly ReadableSpan[], words: string): ReadableSpan {
  const span = spans.find(it => inWords(it) === words);
  if (span === undefined) throw new Error(`there is no span ${words}, only ${spans.map(inWords).join(', ')}`);
  return span;
}

/** Makes the propagator and the processor of spans throw. */
function throwing(): Disposable {
  const fail = () => {
    throw new Error('the program has set it up wrongly');
  };
  const spies = [
    vi.spyOn(SimpleSpanProcessor.prototype, 'onStart').mockImplementation(fail),
    vi.spyOn(W3CTraceContextPropagator.prototype, 'inject').mockImplementation(fail),
    vi.spyOn(W3CTraceContextPropagator.prototype, 'extract').mockImplementation(fail),
  ];
  return {
    [Symbol.dispose]: () => {
      for (const spy of spies) spy.mockRestore();
    },
  };
}

const method = (name: string) => `frequenz.api.dispatch.v1.MicrogridDispatchService/${name}`;
const idOf = (span: ReadableSpan) => span.spanContext().spanId;

/** A service whose creations do what a test says, and which announces that it knows request ids. */
async function creating(before: () => void) {
  return scriptedService({
    createMicrogridDispatch: async (_, context) => {
      context.header.set(REQUEST_IDS_KEPT_S, '3600');
      before();
      return CreateMicrogridDispatchResponse.create({ dispatch: encodeDispatch(dispatchRecord({ id: 1 })) });
    },
  });
}

describe('the spans of a call', () => {
  it('are one of the client in the trace of its program, and one of the service below it', async () => {
    using traced = tracing();
    await using service = await startTestService({ authKey: 'key', signSecret: 'secret' });
    await traced.within('plan', () => service.client.create({ microgridId: 1, ...creation }));
    const spans = await spansOf(traced, 3);
    const client = named(spans, 'CLIENT CreateMicrogridDispatch OK');
    const server = named(spans, 'SERVER CreateMicrogridDispatch OK');
    const plan = named(spans, 'INTERNAL plan');
    expect(client.parentSpanContext?.spanId).toBe(idOf(plan));
    expect(server.parentSpanContext?.spanId).toBe(idOf(client));
    expect(server.spanContext().traceId).toBe(plan.spanContext().traceId);
    const common: Record<string, AttributeValue> = {
      'rpc.system.name': 'grpc',
      'rpc.method': method('CreateMicrogridDispatch'),
      'rpc.response.status_code': 'OK',
    };
    const { hostname, port } = new URL(service.address.replace('grpc', 'http'));
    expect(client.name).toBe(method('CreateMicrogridDispatch'));
    expect(client.attributes).toEqual({ ...common, 'server.address': hostname, 'server.port': Number(port) });
    expect(server.attributes).toEqual({
      ...common,
      'client.address': '127.0.0.1',
      'client.port': expect.any(Number),
    });
    expect([client.status.code, server.status.code]).toEqual([SpanStatusCode.UNSET, SpanStatusCode.UNSET]);
  });

  it('have the status of a failure, which is an error of the client, but not of the service', async () => {
    using traced = tracing();
    await using service = await startTestService();
    await expect(service.client.get({ microgridId: 1, id: 7 })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const spans = await spansOf(traced, 2);
    const client = named(spans, 'CLIENT GetMicrogridDispatch NOT_FOUND');
    expect(client.attributes['error.type']).toBe('NOT_FOUND');
    expect(client.status).toEqual({ code: SpanStatusCode.ERROR, message: expect.stringContaining('NOT_FOUND') });
    const server = named(spans, 'SERVER GetMicrogridDispatch NOT_FOUND');
    expect(server.attributes).not.toHaveProperty(['error.type']);
    expect(server.status.code).toBe(SpanStatusCode.UNSET);
  });

  it('are cancelled when the caller aborts', async () => {
    using traced = tracing();
    await using service = await creating(() => {});
    await using client = new DispatchClient({ address: service.address });
    const created = client.create({ microgridId: 1, ...creation, signal: AbortSignal.timeout(0) });
    await expect(created).rejects.toThrow();
    expect((await spansOf(traced, 1)).map(inWords)).toEqual(['CLIENT CreateMicrogridDispatch CANCELLED']);
  });

  it('are one of the client for all attempts, each of which carries it and the same request id', async () => {
    using traced = tracing();
    let fail = () => {};
    await using service = await creating(() => fail());
    await using client = new DispatchClient({ address: service.address }, { wait: async () => {} });
    // From its answer the client knows that it may repeat a creation.
    await client.create({ microgridId: 1, ...creation });
    traced.take();
    fail = failing(Status.UNAVAILABLE);
    await client.create({ microgridId: 1, ...creation });
    const [span, ...more] = await spansOf(traced, 1);
    expect(more).toEqual([]);
    expect(span?.events.map(({ name, attributes }) => [name, attributes])).toEqual([
      ['attempt.failed', { 'rpc.response.status_code': 'UNAVAILABLE' }],
    ]);
    const { traceId, spanId } = span?.spanContext() ?? {};
    const [, ...attempts] = service.seen.map(({ metadata }) => metadata);
    expect(attempts.map(metadata => metadata.get('traceparent'))).toEqual(
      Array.from({ length: 2 }, () => `00-${traceId}-${spanId}-01`),
    );
    expect(new Set(attempts.map(metadata => metadata.get(REQUEST_ID))).size).toBe(1);
  });

  it('begin with a provider that is registered later', async () => {
    await using service = await startTestService();
    await service.client.create({ microgridId: 1, ...creation });
    using traced = tracing();
    await service.client.create({ microgridId: 1, ...creation });
    expect((await spansOf(traced, 2)).map(inWords).sort()).toEqual([
      'CLIENT CreateMicrogridDispatch OK',
      'SERVER CreateMicrogridDispatch OK',
    ]);
  });

  it('do not exist without a provider, and nothing is added to the metadata', async () => {
    await using service = await creating(() => {});
    await using client = new DispatchClient({ address: service.address });
    await client.create({ microgridId: 1, ...creation });
    expect(service.seen.map(({ metadata }) => metadata.get('traceparent'))).toEqual([undefined]);
  });

  it('do no harm when what the program has set up throws', async () => {
    using traced = tracing();
    using _ = throwing();
    await using service = await startTestService();
    await service.client.create({ microgridId: 1, ...creation });
    await service.client.forMicrogrid(1).watchRecords().opened;
    expect(traced.take()).toEqual([]);
  });

  it('surround the work of the service', async () => {
    using traced = tracing();
    const served = serverSpans('/a.Service/Method', { metadata: new Metadata(), peer: '[::1]:5' });
    async function answer(): Promise<string> {
      await Promise.resolve();
      return trace.getActiveSpan()?.spanContext().spanId ?? 'none';
    }
    const value = await served?.within(answer);
    served?.end({ status: Status.INTERNAL, reason: 'it is broken' });
    const [span] = traced.take();
    expect(value).toBe(span?.spanContext().spanId);
    expect(span?.status).toEqual({ code: SpanStatusCode.ERROR, message: 'it is broken' });
    expect(span?.attributes).toMatchObject({ 'client.address': '[::1]', 'client.port': 5, 'error.type': 'INTERNAL' });
  });
});

describe('the spans of a stream', () => {
  it('end when it is open', async () => {
    using traced = tracing();
    await using service = await startTestService();
    const stop = new AbortController();
    const watch = service.client.forMicrogrid(1).watchRecords({ signal: stop.signal });
    await watch.opened;
    expect((await spansOf(traced, 2)).map(inWords).sort()).toEqual([
      'CLIENT StreamMicrogridDispatches OK',
      'SERVER StreamMicrogridDispatches OK',
    ]);
    stop.abort();
    await expect(watch[Symbol.asyncIterator]().next()).rejects.toThrow();
    expect(traced.take()).toEqual([]);
  });

  it('are cancelled when the client is closed before it is open', async () => {
    using traced = tracing();
    await using service = await creating(() => {});
    await using client = new DispatchClient({ address: service.address });
    const calls = client.watch({ microgridId: 1 });
    const first = calls.next();
    client.close();
    await expect(first).rejects.toMatchObject({ code: 'STOPPED' });
    expect((await spansOf(traced, 1)).map(inWords)).toEqual(['CLIENT StreamMicrogridDispatches CANCELLED']);
  });

  it('tell why it could not be opened; a service traces nothing that it refuses by its headers', async () => {
    using traced = tracing();
    await using service = await startTestService({ authKey: 'key' });
    await using client = new DispatchClient({ address: service.address, authKey: 'other' });
    await expect(client.forMicrogrid(1).watchRecords().opened).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect((await spansOf(traced, 1)).map(inWords)).toEqual(['CLIENT StreamMicrogridDispatches UNAUTHENTICATED']);
  });
});

it('the calls of a dispatcher are in traces of their own, whatever it was started in', async () => {
  using traced = tracing();
  await using service = await startTestService();
  await using dispatcher = new Dispatcher({ microgridId: 1, address: service.address, logger: silentLogger });
  await traced.within('start', async () => {
    await dispatcher.start();
    await dispatcher.ready();
  });
  const spans = await spansOf(traced, 5);
  const ofClient = spans.filter(span => inWords(span).startsWith('CLIENT'));
  expect(ofClient.map(inWords).sort()).toEqual([
    'CLIENT ListMicrogridDispatches OK',
    'CLIENT StreamMicrogridDispatches OK',
  ]);
  expect(ofClient.map(({ parentSpanContext }) => parentSpanContext)).toEqual([undefined, undefined]);
});
