import { type CallContext, ServerError, Status } from 'nice-grpc';
import { expect, it } from 'vitest';
import { ListMicrogridDispatchesResponse } from '../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { Dispatcher } from '../../src/dispatcher/dispatcher.js';
import { silentLogger } from '../../src/logger.js';
import { simulatedClock } from '../../src/testing/simulatedClock.js';
import { scriptedService } from '../support/scriptedService.js';
import { at } from '../support/time.js';

it('connects anew at once when a key is no longer accepted and there is another', async () => {
  let accepted = 'old';
  let endStream = () => {};
  const check = ({ metadata }: CallContext) => {
    if (metadata.get('key') !== accepted) throw new ServerError(Status.UNAUTHENTICATED, 'not this key');
  };
  await using service = await scriptedService({
    async listMicrogridDispatches(_, context) {
      check(context);
      return ListMicrogridDispatchesResponse.create({});
    },
    async *streamMicrogridDispatches(_, context) {
      check(context);
      context.header.set('open', 'yes');
      context.sendHeader();
      await new Promise<void>(resolve => {
        endStream = resolve;
        context.signal.addEventListener('abort', () => resolve());
      });
      if (!context.signal.aborted) check(context);
      yield* [];
    },
  });
  const clock = simulatedClock(at('09:00'));
  const keys = ['old', 'new'];
  let key = keys.shift();
  await using dispatcher = new Dispatcher({
    microgridId: 1,
    address: service.address,
    clock,
    logger: silentLogger,
    credentials: async ({ rejected }) => {
      if (rejected) key = keys.shift();
      return { authKey: key };
    },
  });
  const told: string[] = [];
  dispatcher.on('sync', ({ state }) => told.push(state));
  dispatcher.on('problem', ({ code }) => told.push(code));
  await dispatcher.start();
  await dispatcher.ready();
  await clock.advanceBy(10_000);

  told.splice(0);
  accepted = 'new';
  endStream();
  await expect.poll(() => told).toContain('waiting');
  await clock.advanceBy(0);
  await expect.poll(() => told).toEqual(['UNAUTHENTICATED', 'waiting', 'connecting', 'catchingUp', 'live']);
  expect(service.sent('key')).toEqual(['old', 'old', 'new', 'new']);

  // Where there is no other, it does not press the service.
  await clock.advanceBy(10_000);
  told.splice(0);
  accepted = 'unknown';
  endStream();
  await expect.poll(() => told).toContain('waiting');
  await clock.advanceBy(0);
  const rejections = () => told.filter(word => word === 'UNAUTHENTICATED').length;
  await expect.poll(rejections).toBe(2);
  await expect.poll(() => told.at(-1)).toBe('waiting');
  await clock.advanceBy(29_000);
  expect(rejections()).toBe(2);
  expect(told.at(-1)).toBe('waiting');
});
