import { createServer, ServerError, Status } from 'nice-grpc';
import { expect, it } from 'vitest';
import {
  ListMicrogridDispatchesResponse,
  MicrogridDispatchServiceDefinition,
} from '../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { Dispatcher } from '../../src/dispatcher/dispatcher.js';
import { silentLogger } from '../../src/logger.js';
import { simulatedClock } from '../../src/testing/simulatedClock.js';
import { encodeDispatch } from '../../src/wire/dispatchCodec.js';
import { dispatchRecord } from '../support/dispatchRecord.js';
import { answerEmpty, http2Server, openSilent } from '../support/http2Server.js';
import { scriptedService } from '../support/scriptedService.js';
import { at } from '../support/time.js';

it('lists every half minute when the service implements no stream', async () => {
  const dispatches = [encodeDispatch(dispatchRecord())];
  const unimplemented = async () => {
    throw new ServerError(Status.UNIMPLEMENTED, 'there is no such call');
  };
  const server = createServer();
  server.add(MicrogridDispatchServiceDefinition, {
    createMicrogridDispatch: unimplemented,
    getMicrogridDispatch: unimplemented,
    updateMicrogridDispatch: unimplemented,
    deleteMicrogridDispatch: unimplemented,
    listMicrogridDispatches: async () => ListMicrogridDispatchesResponse.create({ dispatches }),
    // A service that answers with headers first, as some proxies make it.
    async *streamMicrogridDispatches(_, context) {
      context.header.set('proxy', 'early');
      context.sendHeader();
      yield await unimplemented();
    },
  });
  const port = await server.listen('127.0.0.1:0');
  const clock = simulatedClock(at('09:00'));
  const address = `grpc://127.0.0.1:${port}?ssl=false`;
  const dispatcher = new Dispatcher({ microgridId: 1, address, clock, logger: silentLogger });
  const problems: string[] = [];
  dispatcher.on('problem', ({ code }) => problems.push(code));
  await dispatcher.start();
  await expect
    .poll(async () => {
      await clock.advanceBy(10);
      return dispatcher.status.state;
    })
    .toBe('live');
  expect([...dispatcher.dispatches.keys()]).toEqual([1]);
  dispatches.push(encodeDispatch(dispatchRecord({ id: 2 })));
  await clock.advanceBy(29_000);
  expect(dispatcher.dispatches.size).toBe(1);
  await clock.advanceBy(1_000);
  await expect.poll(() => dispatcher.dispatches.size).toBe(2);
  expect(problems).toEqual(['UNIMPLEMENTED']);
  await dispatcher.stop();
  expect(clock.pendingTimers).toBe(0);
  await server.forceShutdown();
});

/** A service whose stream can be switched on and off, and a dispatcher of it that polls. */
async function polledService() {
  const state = { hasStream: false, streams: 0, lists: 0 };
  const service = await scriptedService({
    listMicrogridDispatches: async () => {
      state.lists += 1;
      return ListMicrogridDispatchesResponse.create({});
    },
    async *streamMicrogridDispatches(_, context) {
      state.streams += 1;
      if (!state.hasStream) throw new ServerError(Status.UNIMPLEMENTED, 'there is no such call');
      context.header.set('stream', 'open');
      context.sendHeader();
      await new Promise(resolve => context.signal.addEventListener('abort', resolve));
      yield* [];
    },
  });
  const clock = simulatedClock(at('09:00'));
  const dispatcher = new Dispatcher({ microgridId: 1, address: service.address, clock, logger: silentLogger });
  const problems: string[] = [];
  dispatcher.on('problem', ({ code }) => problems.push(code));
  await dispatcher.start();
  const settled = async (isSo: () => boolean) => {
    await expect
      .poll(
        async () => {
          await clock.advanceBy(1);
          return isSo();
        },
        { interval: 5 },
      )
      .toBe(true);
  };
  await settled(() => dispatcher.status.state === 'live');
  expect(dispatcher.status.polling).toBe(true);
  return {
    state,
    clock,
    dispatcher,
    problems,
    settled,
    /** Lets time pass until the next list is made. */
    async untilListed() {
      const { lists } = state;
      await clock.advanceBy(30_000);
      await settled(() => state.lists > lists && dispatcher.status.state === 'live');
    },
    async [Symbol.asyncDispose]() {
      await dispatcher.stop();
      await service[Symbol.asyncDispose]();
    },
  };
}

it('tries the stream of a service that it polls every minute at first, then every hour, and tells no problem of it', async () => {
  await using test = await polledService();
  const triedAt: number[] = [];
  let { streams } = test.state;
  for (let half = 1; half <= 200; half++) {
    await test.untilListed();
    if (test.state.streams > streams) triedAt.push(Math.round(half / 2));
    streams = test.state.streams;
  }
  expect(triedAt).toEqual([1, 2, 3, 4, 5, 65]);
  expect(test.problems).toEqual(['UNIMPLEMENTED']);
  expect(test.dispatcher.status.polling).toBe(true);
});

it('follows the stream again as soon as the service has one', async () => {
  await using test = await polledService();
  test.state.hasStream = true;
  await test.untilListed();
  await test.untilListed();
  const { lists } = test.state;
  await test.clock.advanceBy(2 * 60_000);
  expect(test.state).toMatchObject({ streams: 2, lists });
  expect(test.dispatcher.status).toMatchObject({ state: 'live', polling: false });
});

it('does not poll because something in between answers in place of the service', async () => {
  let isDown = true;
  await using server = await http2Server((stream, path) => {
    if (isDown) {
      stream.respond({ ':status': 404, 'content-type': 'text/plain' });
      stream.end('404 page not found');
    } else if (path.endsWith('/StreamMicrogridDispatches')) openSilent(stream);
    else answerEmpty(stream);
  });
  await using dispatcher = new Dispatcher({ microgridId: 1, address: server.address, logger: silentLogger });
  const problems: string[] = [];
  dispatcher.on('problem', ({ code }) => problems.push(code));
  await dispatcher.start();
  await expect.poll(() => problems.length).toBeGreaterThan(1);
  expect(new Set(problems)).toEqual(new Set(['UNAVAILABLE']));
  isDown = false;
  await dispatcher.ready({ timeoutMs: 60_000 });
  expect(dispatcher.status).toMatchObject({ state: 'live', polling: false, problem: null });
});
