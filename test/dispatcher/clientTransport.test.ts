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
