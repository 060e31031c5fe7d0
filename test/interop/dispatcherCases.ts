import { afterAll, beforeAll, expect, it } from 'vitest';
import type { MicrogridClient } from '../../src/client/microgridClient.js';
import type { DispatchChanges, NewDispatch } from '../../src/client/requests.js';
import { RunningState } from '../../src/dispatch.js';
import { Dispatcher } from '../../src/dispatcher/dispatcher.js';
import { zonedRules } from '../../src/model/recurrence/zonedRules.js';
import type { NewPlace } from './databases.js';
import {
  actorEntry,
  createDispatch,
  type DispatcherSetting,
  daily,
  hourMs,
  inWords,
  laterRun,
  startSetting,
} from './dispatcherSetting.js';
import { credentials } from './follower.js';
import { fromNow, type PythonDispatch } from './pythonDispatch.js';
import type { PythonDispatcher, PythonJournal, PythonLifecycle } from './pythonDispatcher.js';

/**
 * What a Python dispatcher does with our service. Changes that come faster than it reads push others out of its buffers (50
 * events, 30 running states), so the tests wait for what it says about a change before they make the next one.
 */
export function describeDispatcher(newPlace: NewPlace): void {
  let setting: DispatcherSetting;
  let client: MicrogridClient;
  let python: PythonDispatcher;
  let existing: PythonJournal<PythonLifecycle>;
  const create = (type: string, dispatch: Partial<NewDispatch> = {}) => createDispatch(client, type, dispatch);

  beforeAll(async () => {
    setting = await startSetting(newPlace);
    ({ client, python } = setting);
    for (const dispatch of [{}, laterRun, { active: false }, daily]) await create('EXISTING', dispatch);
    existing = await python.lifecycle('EXISTING');
    await python.start();
  });
  afterAll(() => setting?.[Symbol.asyncDispose]());

  it('hears of the dispatches that were there before it started', async () => {
    const events = await existing.rest();
    expect(new Set(events.map(({ event }) => event))).toEqual(new Set(['Created']));
    const heard = events.map(({ dispatch }) => dispatch).sort((a, b) => a.id - b.id);
    expect(await python.listed('EXISTING')).toEqual(heard);
    expect(await python.held('EXISTING')).toEqual(heard);
    const running = await python.runningState('EXISTING');
    expect(await running.rest()).toEqual([{ started: true, dispatch: heard[0] }]);
  });

  it('hears of changes in their order', async () => {
    const lifecycle = await python.lifecycle('CHANGED');
    const id = await create('CHANGED', { ...daily, payload: { setpoint: 1 } });
    const created = await python.get(id);
    expect(await lifecycle.next()).toEqual({ event: 'Created', dispatch: created, deleted: false });
    await client.update(id, { durationMs: 60_000, payload: {}, recurrence: { ...daily.recurrence, interval: 2 } });
    const updated = await python.get(id);
    expect(await lifecycle.next()).toEqual({ event: 'Updated', dispatch: updated, deleted: false });
    expect(await python.held('CHANGED')).toEqual([updated]);
    await client.delete(id);
    const dispatch = { ...updated, update_time: expect.any(String) };
    expect(await lifecycle.rest()).toEqual([{ event: 'Deleted', dispatch, deleted: true }]);
    // It holds on to one whose deletion came with the update time that it knows.
    expect(await python.held('CHANGED')).toEqual([]);
  });

  it('hears of every change of a run', async () => {
    const running = await python.runningState('RUN');
    const id = await create('RUN');
    const steps: readonly [changes: DispatchChanges, started: boolean, shows: Partial<PythonDispatch>][] = [
      [{ payload: { setpoint: 2 } }, true, { payload: { setpoint: 2 } }],
      [{ selector: { categories: [{ category: 'BATTERY', battery: 'NA_ION' }] } }, true, naIon],
      [{ durationMs: hourMs }, true, { duration: 3600 }],
      [{ durationMs: 0 }, false, { duration: 0 }],
      [{ durationMs: null }, true, { duration: null }],
      [{ active: false }, false, { active: false }],
      [{ active: true }, true, { active: true }],
      [{ startTime: new Date(fromNow(hourMs)) }, false, {}],
    ];
    expect(await running.next()).toEqual({ started: true, dispatch: await python.get(id) });
    for (const [changes, started, shows] of steps) {
      await client.update(id, changes);
      const message = await running.next();
      expect(message).toEqual({ started, dispatch: await python.get(id) });
      expect(message.dispatch).toMatchObject(shows);
    }
    await client.delete(id);
    expect(await running.rest()).toEqual([]);
  });

  it('hears that a run is over when its dispatch is deleted', async () => {
    const running = await python.runningState('DELETED');
    const id = await create('DELETED');
    expect(inWords(await running.next())).toBe(`${id} starts`);
    await client.delete(id);
    expect((await running.rest()).map(inWords)).toEqual([`${id} stops`]);
  });

  it('hears when runs begin and end, and of no end where it merges runs that touch', async () => {
    const all = await python.runningState('SCHEDULED');
    const merged = await python.runningState('SCHEDULED', 'MergeByType');
    const byTarget = await python.runningState('SCHEDULED', 'MergeByTypeTarget');
    const startTime = new Date(fromNow(2000));
    const nextTime = new Date(startTime.getTime() + 1000);
    const first = await create('SCHEDULED', { ...daily, startTime, durationMs: 1000 });
    const second = await create('SCHEDULED', { startTime: nextTime, durationMs: 1000, selector: { ids: [2] } });
    const words = [`${first} starts`, `${second} starts`, `${first} stops`, `${second} stops`];
    expect((await all.take(4)).map(inWords)).toEqual(words);
    expect((await byTarget.rest()).map(inWords)).toEqual(words);
    expect((await merged.rest()).map(inWords)).toEqual(words.filter(word => word !== `${first} stops`));
  });

  it('hears of a rule in local time what ours hears', async () => {
    const running = await python.runningState('ZONED');
    await using ours = new Dispatcher({ microgridId: 1, address: setting.service.address, ...credentials });
    await ours.start();
    await ours.ready();
    const told: string[] = [];
    // A dispatch tells whether it runs now, so it is asked at once.
    ours.on('running', dispatch => {
      if (dispatch.type === 'ZONED') {
        told.push(`${dispatch.id} ${dispatch.running('ZONED') === RunningState.RUNNING ? 'starts' : 'stops'}`);
      }
    });
    const startTimeMs = Math.ceil(Date.now() / 1000) * 1000 + 3000;
    // Over two changes of the clock at least.
    const untilMs = startTimeMs + 400 * 24 * hourMs;
    const rules = zonedRules({ frequency: 'DAILY', interval: 1 }, startTimeMs, 'Europe/Berlin', untilMs);
    expect(rules.length).toBeGreaterThan(2);
    const ids: number[] = [];
    for (const rule of rules) {
      const startTime = new Date(rule.startTimeMs);
      ids.push(await create('ZONED', { startTime, recurrence: rule.rule, durationMs: 1000 }));
    }
    const [first] = ids;
    expect((await running.take(2)).map(inWords)).toEqual([`${first} starts`, `${first} stops`]);
    expect(await running.rest()).toEqual([]);
    expect(told).toEqual([`${first} starts`, `${first} stops`]);
  });

  it('merges runs that overlap, by type and by target', async () => {
    // A new receiver has the running states repeated to all receivers: all of them are there before the first run.
    const all = await python.runningState('MERGED');
    const byType = await python.runningState('MERGED', 'MergeByType');
    const byTarget = await python.runningState('MERGED', 'MergeByTypeTarget');
    const ids: number[] = [];
    for (const dispatch of [{}, {}, { selector: { ids: [2] } }, { dryRun: true }]) {
      ids.push(await create('MERGED', dispatch));
      await all.next();
    }
    for (const id of ids) {
      await client.update(id, { active: false });
      await all.next();
    }
    const [, second, third, dryRun] = ids;
    const starts = ids.map(id => `${id} starts`);
    expect((await byType.rest()).map(inWords)).toEqual([...starts, `${third} stops`, `${dryRun} stops`]);
    expect((await byTarget.rest()).map(inWords)).toEqual([
      ...starts,
      `${second} stops`,
      `${third} stops`,
      `${dryRun} stops`,
    ]);
    expect(await all.rest()).toEqual([]);
  });

  it('runs an actor for each dispatch while it runs', async () => {
    const actors = await python.manage('MANAGED');
    const first = await create('MANAGED', { payload: { setpoint: 1 } });
    expect(await actors.next()).toEqual(actorEntry(1, 'starts', { options: { setpoint: 1 } }));
    await client.update(first, { payload: { setpoint: 2 }, selector: { ids: [7, 8] } });
    const reconfigured = { options: { setpoint: 2 }, target: { ids: [7, 8] } };
    expect(await actors.next()).toEqual(actorEntry(1, 'is reconfigured', reconfigured));
    await create('MANAGED', { dryRun: true, durationMs: 3000 });
    expect(await actors.next()).toEqual(actorEntry(2, 'starts', { dry_run: true }));
    expect(await actors.next()).toEqual(actorEntry(2, 'stops', { dry_run: true }));
    await client.update(first, { active: false });
    expect(await actors.next()).toEqual(actorEntry(1, 'stops', reconfigured));
    await client.update(first, { active: true });
    expect(await actors.next()).toEqual(actorEntry(3, 'starts', reconfigured));
    await client.delete(first);
    expect(await actors.rest()).toEqual([actorEntry(3, 'stops', reconfigured)]);
  });

  it('runs one actor for dispatches that it merges', async () => {
    const actors = await python.manage('MANAGED_TOGETHER', 'MergeByType');
    const first = await create('MANAGED_TOGETHER', { payload: { setpoint: 1 } });
    expect(await actors.next()).toEqual(actorEntry(1, 'starts', { options: { setpoint: 1 } }));
    const second = await create('MANAGED_TOGETHER', { payload: { setpoint: 2 }, selector: { ids: [2] } });
    const reconfigured = { options: { setpoint: 2 }, target: { ids: [2] } };
    expect(await actors.next()).toEqual(actorEntry(1, 'is reconfigured', reconfigured));
    await client.delete(first);
    expect(await actors.rest()).toEqual([]);
    await client.delete(second);
    expect(await actors.rest()).toEqual([actorEntry(1, 'stops', reconfigured)]);
  });
}

const naIon = { target: { categories: ['BatteryType.NA_ION'] } };
