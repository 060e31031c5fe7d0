import { fc, it as property } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { simulateRuns } from '../../../machines/pool/simulateRuns.js';
import { isRunNotification } from '../../../machines/protocol/dispatcherOutput.js';
import type { DispatchRecord } from '../../../src/model/dispatchRecord.js';
import { ruleArbitrary } from '../../../src/testing/ruleArbitrary.js';
import { daily, dispatchRecord, hourMs, minuteMs } from '../../support/dispatchRecord.js';
import { describeNotification } from '../../support/playDispatch.js';
import { startDispatcher } from '../../support/startDispatcher.js';
import { at } from '../../support/time.js';

function simulated(dispatches: readonly DispatchRecord[], fromMs: number, toMs: number): string[] {
  return Array.from(
    simulateRuns(dispatches, { fromMs, toMs }),
    notification => `${notification.dispatch.id} ${describeNotification(notification)}`,
  );
}

describe('a simulation', () => {
  it('begins with what runs, and tells starts before stops, then by id, until its end', () => {
    const dispatches = [
      dispatchRecord({ id: 3, recurrence: daily() }),
      dispatchRecord({ id: 2, startTimeMs: at('10:30') }),
      dispatchRecord({ id: 1, startTimeMs: at('08:00'), durationMs: null }),
      dispatchRecord({ id: 4, active: false }),
      dispatchRecord({ id: 5, startTimeMs: at('10:15'), durationMs: 0 }),
    ];
    expect(simulated(dispatches, at('09:00'), at('Tue 10:30'))).toEqual([
      '1 started 08:00-never by sync at 09:00',
      '3 started 10:00-10:30 by schedule at 10:00',
      '5 started 10:15-10:15 by schedule at 10:15',
      '5 stopped 10:15-10:15 by schedule at 10:15',
      '2 started 10:30-11:00 by schedule at 10:30',
      '3 stopped 10:00-10:30 by schedule at 10:30',
      '2 stopped 10:30-11:00 by schedule at 11:00',
      '3 started Tue 10:00-Tue 10:30 by schedule at Tue 10:00',
    ]);
  });

  it('leaves out what cannot be evaluated, and tells it', () => {
    const problems: string[] = [];
    const wrong = dispatchRecord({ id: 7, recurrence: daily({ interval: 0 }) });
    const options = { fromMs: at('09:00'), toMs: at('10:01') };
    const told = [
      ...simulateRuns([wrong, dispatchRecord({})], { ...options, onProblem: ({ message }) => problems.push(message) }),
    ];
    expect(told.map(({ dispatch }) => dispatch.id)).toEqual([1]);
    expect(problems).toEqual([expect.stringMatching(/^dispatch 7 cannot be evaluated: .*interval/)]);
    expect([...simulateRuns([wrong], options)]).toEqual([]);
  });

  it('is lazy: what nobody takes is not calculated', () => {
    const endless = dispatchRecord({ durationMs: 30_000, recurrence: { frequency: 'MINUTELY', interval: 1 } });
    const [first] = simulateRuns([endless], { fromMs: at('09:00'), toMs: Number.MAX_SAFE_INTEGER });
    expect(first?.atMs).toBe(at('10:00'));
  });

  property.prop(
    [
      fc.array(
        fc.record({
          startMinutes: fc.integer({ min: -3_000, max: 2_000 }),
          durationMs: fc.option(fc.integer({ min: 0, max: 300 }).map(minutes => minutes * minuteMs)),
          recurrence: fc.option(ruleArbitrary()),
          active: fc.boolean(),
        }),
        { maxLength: 6 },
      ),
    ],
    { numRuns: 60 },
  )('announces what a dispatcher announces on a simulated clock', async plans => {
    const [fromMs, toMs] = [at('09:00'), at('15:00')];
    const dispatches = plans.map(({ startMinutes, ...plan }, i) =>
      dispatchRecord({ id: i + 1, startTimeMs: fromMs + startMinutes * minuteMs, ...plan }),
    );
    await using test = await startDispatcher({ dispatches, now: fromMs });
    await test.clock.advanceTo(toMs - 1);
    const announced = test.recorder.all.filter(isRunNotification);
    expect([...simulateRuns(dispatches, { fromMs, toMs })]).toEqual(announced);
  });
});

it('of many dispatches at one instant announces all', () => {
  const dispatches = Array.from({ length: 500 }, (_, i) => dispatchRecord({ id: i + 1, durationMs: hourMs }));
  const told = [...simulateRuns(dispatches, { fromMs: at('09:00'), toMs: at('12:00') })];
  const ids = dispatches.map(({ id }) => id);
  expect(told.map(({ type, dispatch }) => [type, dispatch.id])).toEqual([
    ...ids.map(id => ['running.started', id]),
    ...ids.map(id => ['running.stopped', id]),
  ]);
});
