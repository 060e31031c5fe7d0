// A list that begins before the headers of its stream have come tells more than the position from which the stream goes on.
import { describe, expect, it } from 'vitest';
import type { StreamStart } from '../../machines/protocol/transport.js';
import { Dispatcher } from '../../src/dispatcher/dispatcher.js';
import { silentLogger } from '../../src/logger.js';
import { memoryTransport } from '../../src/testing/memoryTransport.js';
import { recordNotifications } from '../../src/testing/recordNotifications.js';
import { simulatedClock } from '../../src/testing/simulatedClock.js';
import { dispatchRecord, version } from '../support/dispatchRecord.js';
import { at } from '../support/time.js';

/** A dispatcher in sync up to position 5, whose next stream has no headers yet, and which therefore has listed. */
async function listedEarly(isDeleted: boolean) {
  const clock = simulatedClock(at('09:00'));
  const memory = memoryTransport([dispatchRecord({ id: 1 }), dispatchRecord({ id: 2 })]);
  const asked: (string | undefined)[] = [];
  let start: StreamStart = { position: '5:1:1' };
  const transport: typeof memory = {
    ...memory,
    watch(options) {
      asked.push(options.resumeAfter);
      const watch = memory.watch(options);
      const opened = Promise.resolve(watch.opened).then(() => start);
      return { opened, [Symbol.asyncIterator]: () => watch[Symbol.asyncIterator]() };
    },
  };
  const dispatcher = new Dispatcher({ microgridId: 1, transport, clock, logger: silentLogger });
  const recorder = recordNotifications(dispatcher);
  await dispatcher.start();
  await dispatcher.ready();
  recorder.take();
  const release = memory.hold('watch');
  memory.cut();
  await clock.advanceBy(0);
  if (isDeleted) {
    memory.update(1, { updateTime: version(2) });
    memory.delete(1);
  }
  await clock.advanceBy(1_000);
  return {
    clock,
    memory,
    dispatcher,
    asked,
    said: () => recorder.take().flatMap(output => ('dispatch' in output ? `${output.type} ${output.dispatch.id}` : [])),
    /** The headers come at last. */
    async open(headers: StreamStart) {
      start = headers;
      release();
      await clock.advanceBy(1_000);
    },
    [Symbol.asyncDispose]: () => dispatcher.stop(),
  };
}

describe('a list before the headers of its stream', () => {
  it('is not said again by a stream that goes on from before it', async () => {
    await using test = await listedEarly(true);
    expect(test.said()).toEqual(['lifecycle.deleted 1']);
    await test.open({ position: '7:1:1', backlog: 2 });
    expect(test.said()).toEqual([]);
    expect(test.dispatcher.status.state).toBe('live');
    expect([...test.dispatcher.dispatches.keys()]).toEqual([2]);
  });

  it('leaves no position to go on from when its stream is lost', async () => {
    await using test = await listedEarly(true);
    expect(test.dispatcher.status.position).toBeNull();
    test.memory.cut();
    await test.open({ position: '7:1:1' });
    expect(test.asked).toEqual([undefined, '5:1:1', undefined]);
    expect(test.dispatcher.status).toMatchObject({ state: 'live', position: '7:1:1' });
  });

  it('is as far as the stream when that has nothing to make up for', async () => {
    await using test = await listedEarly(false);
    await test.open({ position: '5:1:1', backlog: 0 });
    expect(test.dispatcher.status).toMatchObject({ state: 'live', position: '5:1:1' });
  });
});
