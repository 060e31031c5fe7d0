// How do I test how my program reacts to a dispatch, without a service and without waiting?
import { expect, it } from 'vitest';
import { Dispatcher } from 'xstate-dispatch';
import { dispatchRecord, memoryTransport, recordNotifications, simulatedClock } from 'xstate-dispatch/testing';

it('starts charging at ten', async () => {
  const clock = simulatedClock(Date.parse('2026-03-02T09:00:00Z'));
  const charge = dispatchRecord({ type: 'CHARGE', startTimeMs: Date.parse('2026-03-02T10:00:00Z') });
  await using dispatcher = new Dispatcher({ microgridId: 1, transport: memoryTransport([charge]), clock });
  const said = recordNotifications(dispatcher);
  await dispatcher.start();
  await clock.advanceTo(charge.startTimeMs - 1);
  expect(said.take()).toMatchObject([{ type: 'lifecycle.created', dispatch: { id: 1 } }]);
  await clock.advanceBy(1);
  expect(said.take()).toMatchObject([{ type: 'running.started', dispatch: { type: 'CHARGE' }, lateMs: 0 }]);
});
