import { describe, expect, it } from 'vitest';
import { daily, dispatchRecord, minuteMs } from '../support/dispatchRecord.js';
import { startDispatcher } from '../support/startDispatcher.js';
import { storeInMemory } from '../support/storeInMemory.js';
import { at } from '../support/time.js';

/** A clock that was never set, such as that of a computer without a battery: half a minute after the beginning of 1970. */
const unset = 30_000;

describe('a dispatcher that starts before the clock is set', () => {
  it('announces what runs then as a first sync does, and nothing as missed or late', async () => {
    const dispatches = [
      dispatchRecord({ id: 1, recurrence: daily() }),
      dispatchRecord({ id: 2, startTimeMs: at('08:00'), recurrence: daily({ frequency: 'MINUTELY', interval: 15 }) }),
      dispatchRecord({ id: 3, startTimeMs: at('Tue 11:00') }),
      dispatchRecord({ id: 4, startTimeMs: at('09:00'), durationMs: null }),
      dispatchRecord({ id: 5, startTimeMs: at('09:00') }),
      dispatchRecord({ id: 6, startTimeMs: at('09:00'), active: false }),
    ];
    await using test = await startDispatcher({ dispatches, now: unset });
    await test.clock.advanceBy(5_500);
    test.said();
    test.clock.step(at('Tue 10:10') - test.clock.nowMs());
    await test.clock.advanceBy(1_000);
    expect(test.said()).toEqual([
      expect.stringMatching(/^1 started Tue 10:00-Tue 10:30 by sync at Tue 10:10:00\.\d+$/),
      expect.stringMatching(/^2 started Tue 10:00-Tue 10:30 by sync at Tue 10:10:00\.\d+$/),
      expect.stringMatching(/^4 started 09:00-never by sync at Tue 10:10:00\.\d+$/),
    ]);
    await test.clock.advanceTo(at('Tue 11:00'));
    expect(test.said()).toEqual([
      '2 started Tue 10:15-Tue 10:45 by schedule at Tue 10:15',
      '2 started Tue 10:30-Tue 11:00 by schedule at Tue 10:30',
      '1 stopped Tue 10:00-Tue 10:30 by schedule at Tue 10:30',
      '2 started Tue 10:45-Tue 11:15 by schedule at Tue 10:45',
      '2 started Tue 11:00-Tue 11:30 by schedule at Tue 11:00',
      '3 started Tue 11:00-Tue 11:30 by schedule at Tue 11:00',
    ]);
  });

  it('knows what passed since its last run when it was restored', async () => {
    const store = storeInMemory();
    const dispatches = [dispatchRecord({ recurrence: daily() })];
    const first = await startDispatcher({ dispatches, store });
    await first.dispatcher.stop();
    const { transport } = first;
    const world = { transport, clock: (await startDispatcher({ now: unset, sync: false })).clock };
    await using second = await startDispatcher({ store, world });
    second.said();
    second.clock.step(at('Wed 09:00') - second.clock.nowMs());
    await second.clock.advanceBy(minuteMs);
    expect(second.said()).toEqual(['1 missed 2 10:00..Tue 10:00']);
  });
});
