import { describe, expect, it } from 'vitest';
import { daily, dayMs, dispatchRecord, hourMs, minuteMs } from '../support/dispatchRecord.js';
import { startDispatcher } from '../support/startDispatcher.js';
import { at } from '../support/time.js';

describe('a clock that was days ahead and is set right', () => {
  it('at the first sync: what had not ended by then is listed, and runs', async () => {
    const dispatches = [
      dispatchRecord({ id: 1, startTimeMs: at('10:00'), endTimeMs: at('10:30') }),
      dispatchRecord({ id: 2, startTimeMs: at('08:50'), endTimeMs: at('09:20') }),
    ];
    await using test = await startDispatcher({ dispatches, now: at('Thu 09:00') });
    expect(test.said()).toEqual([]);
    test.clock.step(-3 * dayMs);
    await test.clock.advanceBy(1_000);
    expect(test.said()).toEqual(['1 created', '2 created', '2 started 08:50-09:20 by update at 09:00:01']);
    await test.clock.advanceTo(at('10:00'));
    expect(test.said()).toEqual([
      '2 stopped 08:50-09:20 by schedule at 09:20',
      '1 started 10:00-10:30 by schedule at 10:00',
    ]);
    expect(test.dispatcher.status.state).toBe('live');
  });

  it('after a few seconds: what was forgotten meanwhile is there again', async () => {
    const dispatches = [
      dispatchRecord({ id: 1, startTimeMs: at('08:50'), endTimeMs: at('09:20') }),
      dispatchRecord({ id: 2, startTimeMs: at('10:00'), endTimeMs: at('10:30') }),
      dispatchRecord({ id: 3, recurrence: daily() }),
    ];
    await using test = await startDispatcher({ dispatches });
    test.clock.step(2 * dayMs);
    await test.clock.advanceBy(5_000);
    expect([...test.dispatcher.dispatches.keys()]).toEqual([3]);
    test.said();
    test.clock.step(-2 * dayMs);
    await test.clock.advanceBy(1_000);
    expect(test.said()).toEqual(['1 created', '1 started 08:50-09:20 by update at 09:00:06', '2 created']);
  });

  it('in several small steps: as in one', async () => {
    const dispatches = [dispatchRecord({ id: 1, startTimeMs: at('08:50'), endTimeMs: at('09:20') })];
    await using test = await startDispatcher({ dispatches, now: at('Wed 09:10') });
    expect(test.dispatcher.dispatches.size).toBe(0);
    for (let i = 0; i < 3; i++) {
      test.clock.step(-16 * hourMs);
      await test.clock.advanceBy(1_000);
    }
    // The second step was far enough for a list; the third one leads into the run.
    expect(test.said()).toEqual(['1 created', '1 started 08:50-09:20 by schedule at 08:50 +1203000']);
  });

  it('by less than the day for which what has ended is kept: nothing is listed again', async () => {
    await using test = await startDispatcher({ dispatches: [dispatchRecord()] });
    test.transport.putSilently(dispatchRecord({ id: 2 }));
    test.clock.step(-23 * hourMs);
    await test.clock.advanceBy(minuteMs);
    expect(test.dispatcher.dispatches.size).toBe(1);
  });
});
