import { promises as dns } from 'node:dns';
import { describe, expect, it, vi } from 'vitest';
import { ListMicrogridDispatchesResponse } from '../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { DispatchClient } from '../../src/client/dispatchClient.js';
import { clientTransport } from '../../src/dispatcher/clientTransport.js';
import { Dispatcher } from '../../src/dispatcher/dispatcher.js';
import { silentLogger } from '../../src/logger.js';
import { DispatchError } from '../../src/model/dispatchError.js';
import { memoryStore } from '../../src/service/store/memory/memoryStore.js';
import { memoryTransport } from '../../src/testing/memoryTransport.js';
import { simulatedClock } from '../../src/testing/simulatedClock.js';
import { deferred } from '../support/deferred.js';
import { minuteMs } from '../support/dispatchRecord.js';
import { failure } from '../support/failure.js';
import { answerEmpty, http2Server, openSilent } from '../support/http2Server.js';
import { type ResumableService, resumableService } from '../support/resumableService.js';
import { scriptedService } from '../support/scriptedService.js';
import { type TcpProxy, tcpProxy } from '../support/tcpProxy.js';
import { at } from '../support/time.js';

const down = () => new DispatchError('UNAVAILABLE', 'down');

/** A dispatcher whose transport connects anew when a test says so. */
async function waitingDispatcher(error = down()) {
  const clock = simulatedClock(at('09:00'));
  const memory = memoryTransport();
  let connected = deferred();
  const transport = { ...memory, connectedAnew: () => connected.promise };
  const dispatcher = new Dispatcher({ microgridId: 1, transport, clock, logger: silentLogger });
  await dispatcher.start();
  await dispatcher.ready();
  for (let i = 0; i < 1_000; i++) memory.failNext('watch', error);
  memory.cut();
  await clock.advanceBy(5 * minuteMs);
  expect(dispatcher.status.state).toBe('waiting');
  return {
    clock,
    memory,
    dispatcher,
    /** The service is connected anew, but may still be out of order. */
    async connect() {
      const earlier = connected;
      connected = deferred();
      earlier.resolve();
      await clock.settle();
    },
    [Symbol.asyncDispose]: () => dispatcher.stop(),
  };
}

describe('a dispatcher that waits for its next attempt', () => {
  it('makes it within a second after its service is connected anew', async () => {
    await using test = await waitingDispatcher();
    await test.connect();
    const { retryAtMs } = test.dispatcher.status;
    expect(retryAtMs).not.toBeNull();
    expect((retryAtMs ?? 0) - test.clock.nowMs()).toBeLessThanOrEqual(1_000);
    let attempts = 0;
    test.dispatcher.on('sync', ({ state }) => {
      if (state === 'connecting') attempts += 1;
    });
    await test.clock.advanceBy(1_000);
    expect(attempts).toBe(1);
  });

  it('makes it then also when that was while it still listed, after its stream had failed', async () => {
    await using test = await waitingDispatcher();
    const release = test.memory.hold('list');
    await test.clock.advanceBy(minuteMs);
    // The stream has failed, and the list hangs.
    expect(test.dispatcher.status.state).toBe('catchingUp');
    await test.connect();
    release();
    await test.clock.settle();
    const { state, retryAtMs } = test.dispatcher.status;
    expect(state).toBe('waiting');
    expect((retryAtMs ?? Number.POSITIVE_INFINITY) - test.clock.nowMs()).toBeLessThanOrEqual(1_000);
  });

  it('waits as ever when its service accepts connections again and again, but no streams', async () => {
    await using test = await waitingDispatcher();
    let attempts = 0;
    test.dispatcher.on('sync', ({ state }) => {
      if (state === 'connecting') attempts += 1;
    });
    for (let i = 0; i < 120; i++) {
      await test.connect();
      await test.clock.advanceBy(1_000);
    }
    expect(attempts).toBeGreaterThan(5);
    // Five that are hastened, and some in two minutes of waits up to half a minute.
    expect(attempts).toBeLessThan(50);
  });

  it('makes it at once when the clock is set, with which its signatures may be right', async () => {
    await using test = await waitingDispatcher(new DispatchError('UNAUTHENTICATED', 'the signature is too old'));
    let attempts = 0;
    test.dispatcher.on('sync', ({ state }) => {
      if (state === 'connecting') attempts += 1;
    });
    // An attempt that is due anyhow, before it is noticed that the clock was set, would be one more.
    await test.clock.advanceTo(test.dispatcher.status.retryAtMs ?? Number.NaN);
    attempts = 0;
    test.clock.step(3 * 24 * 60 * minuteMs);
    await test.clock.advanceBy(1_000);
    expect(attempts).toBe(1);
    test.clock.step(-minuteMs);
    await test.clock.advanceBy(1_000);
    expect(attempts).toBe(2);
    test.clock.step(200);
    await test.clock.advanceBy(1_000);
    expect(attempts).toBe(2);
  });
});

const script = {
  listMicrogridDispatches: async () => ListMicrogridDispatchesResponse.create({}),
  async *streamMicrogridDispatches(
    _: object,
    context: { sendHeader(): void; signal: AbortSignal; header: { set(name: string, value: string): void } },
  ) {
    context.header.set('x', 'y');
    context.sendHeader();
    await new Promise(resolve => context.signal.addEventListener('abort', resolve));
    yield* [];
  },
};

// Repeated where a busy machine is slow.
it('is live at most two seconds after its service is back', { retry: 3 }, async () => {
  const first = await scriptedService(script);
  const { address, port } = first;
  await using dispatcher = new Dispatcher({ microgridId: 1, address, logger: silentLogger });
  await dispatcher.start();
  await dispatcher.ready();
  await first[Symbol.asyncDispose]();
  // Long enough for waits of the dispatcher's own of several seconds.
  await new Promise(resolve => setTimeout(resolve, 3_000));
  const live = new Promise<void>(resolve => dispatcher.on('sync', ({ state }) => state === 'live' && resolve()));
  await using _ = await scriptedService(script, port);
  const began = performance.now();
  await live;
  expect(performance.now() - began).toBeLessThan(2_500);
});

it('is live at most two seconds after the name of its service has moved to another address', { retry: 3 }, async () => {
  const first = await scriptedService(script);
  const { port } = first;
  let host = '127.0.0.1';
  using _ = vi.spyOn(dns, 'lookup').mockImplementation((async () => [{ address: host, family: 4 }]) as never);
  const address = `grpc://plant.example:${port}?ssl=false`;
  await using dispatcher = new Dispatcher({ microgridId: 1, address, logger: silentLogger });
  await dispatcher.start();
  await dispatcher.ready();
  await using second = await scriptedService(script, port, '127.0.0.2');
  host = '127.0.0.2';
  const live = new Promise<void>(resolve => dispatcher.on('sync', ({ state }) => state === 'live' && resolve()));
  const began = performance.now();
  await first[Symbol.asyncDispose]();
  await live;
  expect(performance.now() - began).toBeLessThan(2_500);
  expect(second.seen.map(({ method }) => method)).toContain('StreamMicrogridDispatches');
});

it('gets a new connection when its stream cannot be opened several times in a row', async () => {
  await using server = await http2Server((stream, path, session) => {
    // As a load balancer whose connection to the service is gone for good.
    if (session === 1) {
      stream.respond({ ':status': 503 }, { endStream: true });
    } else if (path.endsWith('/StreamMicrogridDispatches')) openSilent(stream);
    else answerEmpty(stream);
  });
  await using dispatcher = new Dispatcher({ microgridId: 1, address: server.address, logger: silentLogger });
  await dispatcher.start();
  await dispatcher.ready({ timeoutMs: 60_000 });
  expect(server.sessionCount).toBe(2);
});

it.each([
  ['the service is stopped', true, (service: ResumableService) => service.takeAway({ now: false })],
  ['the connection is cut', false, async (_: ResumableService, proxy: TcpProxy) => proxy.cut()],
])('knows whether its service ended a stream: %s', async (_, graceful, end) => {
  await using service = await resumableService(memoryStore());
  await using proxy = await tcpProxy(Number(new URL(service.address).port));
  await using client = new DispatchClient({ address: `grpc://127.0.0.1:${proxy.port}?ssl=false` });
  const transport = clientTransport(client);
  const watch = transport.watch({ microgridId: 1, signal: new AbortController().signal });
  await watch.opened;
  const lost = failure(watch[Symbol.asyncIterator]().next());
  await end(service, proxy);
  const error = await lost;
  expect(error).toMatchObject({ code: 'UNAVAILABLE' });
  expect(transport.isGracefulEnd?.(error)).toBe(graceful);
});
