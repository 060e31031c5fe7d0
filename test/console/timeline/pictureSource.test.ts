import { afterEach, expect, it } from 'vitest';
import { createActor } from 'xstate';
import type { ConsoleActor } from '../../../src/console/machine/consoleMachine.js';
import { consoleOf } from '../../../src/console/machine/consoleOf.js';
import { PictureSource } from '../../../src/console/timeline/pictureSource.js';
import { daily, dispatchRecord, monday10Ms } from '../../support/dispatchRecord.js';
import { memorySession } from '../memorySession.js';

const columns = 1_000;
const actors: ConsoleActor[] = [];
afterEach(() => {
  for (const actor of actors.splice(0)) actor.stop();
});

it('is behind until its picture is that of the view, however long that takes', async () => {
  const session = memorySession();
  const actor = createActor(consoleOf(session), { input: { nowMs: monday10Ms, zone: 'UTC' } }).start();
  actors.push(actor);
  actor.send({ type: 'session.open', fields: { key: 'right' } });
  let monotonicMs = 0;
  // Each look at the clock takes longer than a frame.
  const source = new PictureSource(actor, () => {
    monotonicMs += 1_000;
    return monotonicMs;
  });
  const finish = () => {
    let frames = 0;
    for (; source.isBehind(columns); frames += 1) source.work(columns, 6);
    return frames;
  };
  await session.clock.settle();
  finish();
  expect(source.picture?.lanes).toEqual([]);
  for (let id = 1; id <= 100; id += 1)
    session.transport.put(dispatchRecord({ id, recurrence: daily({ frequency: 'HOURLY' }) }));
  await session.clock.settle();
  // What is there is not in the picture yet.
  source.markStale();
  expect(source.isBehind(columns)).toBe(true);
  expect(finish()).toBeGreaterThan(3);
  expect(source.picture?.lanes).toHaveLength(1);
  actor.send({ type: 'view.zoomed', factor: 30, aroundMs: null });
  source.work(columns, 6);
  expect(source.isBehind(columns)).toBe(true);
  expect(finish()).toBeGreaterThan(3);
  // Dispatches that change under a picture of the view are no reason to say so.
  source.markStale();
  expect(source.isBehind(columns)).toBe(false);
});
