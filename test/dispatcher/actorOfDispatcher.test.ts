import { describe, expect, it } from 'vitest';
import { Dispatcher } from '../../src/dispatcher/dispatcher.js';
import { silentLogger } from '../../src/logger.js';
import { memoryTransport } from '../../src/testing/memoryTransport.js';
import { simulatedClock } from '../../src/testing/simulatedClock.js';
import { deferred } from '../support/deferred.js';
import { dispatchRecord, hourMs } from '../support/dispatchRecord.js';
import { storeInMemory } from '../support/storeInMemory.js';
import { at } from '../support/time.js';

/** A dispatcher of a running dispatch with a store whose opening waits, and what is left of it. */
function dispatcherOfTest() {
  const clock = simulatedClock(at('09:00'));
  const transport = memoryTransport([dispatchRecord({ startTimeMs: at('08:30'), durationMs: hourMs })]);
  const memory = storeInMemory();
  const opening = deferred();
  const calls: string[] = [];
  const store = {
    ...memory,
    open: async (of: { microgridId: number }) => {
      await opening.promise;
      calls.push('open');
      return memory.open(of);
    },
    close: async (of: { microgridId: number }) => {
      calls.push('close');
      return memory.close(of);
    },
  };
  const dispatcher = new Dispatcher({ microgridId: 1, transport, clock, store, logger: silentLogger });
  const heard: number[] = [];
  dispatcher.on('running', ({ id }) => heard.push(id));
  const left = () => ({ timers: clock.pendingTimers, streams: transport.openStreams, calls });
  return { dispatcher, clock, heard, open: () => opening.resolve(), left };
}

describe('the actor of a dispatcher', () => {
  it('ends it when it is stopped before the start', async () => {
    const { dispatcher, open, heard, left } = dispatcherOfTest();
    dispatcher.actor.stop();
    open();
    await expect(dispatcher.start()).rejects.toMatchObject({ code: 'STOPPED' });
    await expect(dispatcher.ready()).rejects.toMatchObject({ code: 'STOPPED' });
    await dispatcher.stop();
    expect(dispatcher.status.state).toBe('stopped');
    expect([heard, left()]).toEqual([[], { timers: 0, streams: 0, calls: [] }]);
  });

  it('ends it when it is stopped while the store is opened', async () => {
    const { dispatcher, open, heard, left } = dispatcherOfTest();
    const started = dispatcher.start();
    const ready = dispatcher.ready();
    dispatcher.actor.stop();
    open();
    await expect(started).rejects.toMatchObject({ code: 'STOPPED' });
    await expect(ready).rejects.toMatchObject({ code: 'STOPPED' });
    await dispatcher.stop();
    expect(dispatcher.status.state).toBe('stopped');
    expect([heard, left()]).toEqual([[], { timers: 0, streams: 0, calls: ['open', 'close'] }]);
  });

  it('starts it, and stop() ends all of it', async () => {
    const { dispatcher, open, clock, heard, left } = dispatcherOfTest();
    open();
    dispatcher.actor.start();
    await clock.settle();
    await dispatcher.ready();
    expect([dispatcher.status.state, heard, dispatcher.dispatches.size]).toEqual(['live', [1], 1]);
    await dispatcher.start();
    await dispatcher.stop();
    expect([dispatcher.status.state, left()]).toEqual(['stopped', { timers: 0, streams: 0, calls: ['open', 'close'] }]);
  });
});
