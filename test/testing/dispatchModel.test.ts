import { describe, expect, it } from 'vitest';
import { createTestModel } from 'xstate/graph';
import { Dispatcher } from '../../src/dispatcher/dispatcher.js';
import { silentLogger } from '../../src/logger.js';
import { type DispatchModelEvent, dispatchModel } from '../../src/testing/dispatchModel.js';
import { dispatchModelRunner } from '../../src/testing/dispatchModelRunner.js';
import { recordNotifications } from '../../src/testing/recordNotifications.js';
import { sampled } from '../support/sampled.js';

const model = createTestModel(dispatchModel);
type Path = ReturnType<typeof model.getShortestPaths>[number];

const lifecycle: { readonly [Type in DispatchModelEvent['type']]: string | undefined } = {
  create: 'created',
  createRecurring: 'created',
  createNow: 'created',
  start: undefined,
  end: undefined,
  reconfigure: 'updated',
  putOff: 'updated',
  prolong: 'updated',
  deactivate: 'updated',
  activate: 'updated',
  delete: 'deleted',
};

/** What a dispatcher must say when an event of the model leads from a run or none to a run or none. */
function expectedOf(type: DispatchModelEvent['type'], wasRunning: boolean, isRunning: boolean): string[] {
  const changed = lifecycle[type];
  const cause = { deleted: 'delete', created: 'update', updated: 'update', none: 'schedule' }[changed ?? 'none'];
  const said = changed === undefined ? [] : [`lifecycle.${changed}`];
  if (!wasRunning && isRunning) said.push(`running.started by ${cause}`);
  else if (wasRunning && !isRunning) said.push(`running.stopped by ${cause}`);
  else if (isRunning && type === 'reconfigure') said.push('running.reconfigured by update');
  return said;
}

/** Plays a path against a dispatcher, which must say what is expected at each step and stand where the model stands. */
async function play(path: Path): Promise<void> {
  const runner = dispatchModelRunner();
  const { transport, clock } = runner;
  await using dispatcher = new Dispatcher({ microgridId: 1, transport, clock, logger: silentLogger });
  using recorder = recordNotifications(dispatcher);
  await dispatcher.start();
  await dispatcher.ready();
  let wasRunning = false;
  for (const { event, state } of path.steps.slice(1)) {
    await runner.events[event.type]();
    const isRunning = state.matches('running');
    const said = recorder.take().map(output => ('cause' in output ? `${output.type} by ${output.cause}` : output.type));
    expect(said, path.description).toEqual(expectedOf(event.type, wasRunning, isRunning));
    wasRunning = isRunning;
    const held = dispatcher.actor.getSnapshot().children.pool?.getSnapshot().context.get(1);
    const stands = Object.keys(typeof state.value === 'string' ? { [state.value]: 1 } : state.value)[0];
    expect(held?.state, path.description).toBe(stands === 'deleted' ? undefined : stands);
    expect(held?.dispatch, path.description).toEqual(runner.dispatch);
  }
}

describe('the model of a dispatch', () => {
  it('is what a dispatcher does, on every shortest path', async () => {
    const paths = model.getShortestPaths();
    expect(paths).toHaveLength(25);
    for (const path of paths) await play(path);
  });

  it('is what a dispatcher does, on every simple path', async () => {
    const paths = model.getSimplePaths();
    expect(paths).toHaveLength(2_319);
    for (const path of sampled(paths, 300)) await play(path);
  });
});

describe('the runner of the model', () => {
  it.each([0, -1, null])('refuses runs without a beginning and an end (%s)', durationMs => {
    expect(() => dispatchModelRunner({ dispatch: { durationMs } })).toThrow(RangeError);
  });

  it('says so when a path is none of the model', async () => {
    const { events } = dispatchModelRunner();
    await expect(events.start()).rejects.toThrow('must begin with the creation of the dispatch');
    await events.create();
    await expect(events.end()).rejects.toThrow('the path must be one of the model');
  });

  it('changes what reconfigures the consumer, and takes it back', async () => {
    const runner = dispatchModelRunner({ dispatch: { type: 'CHARGE' }, reconfigured: { dryRun: true } });
    await runner.events.createNow();
    await runner.events.reconfigure();
    expect(runner.dispatch).toMatchObject({ type: 'CHARGE', dryRun: true });
    await runner.events.reconfigure();
    expect(runner.dispatch?.dryRun).toBe(false);
  });
});
