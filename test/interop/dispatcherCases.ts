import { afterAll, beforeAll, expect, it } from 'vitest';
import { DispatchClient } from '../../src/client/dispatchClient.js';
import type { MicrogridClient } from '../../src/client/microgridClient.js';
import type { DispatchChanges, NewDispatch } from '../../src/client/requests.js';
import type { NewPlace, ServedPlace } from './databases.js';
import { credentials, type ServiceProcess, startService } from './follower.js';
import { fromNow, type PythonDispatch } from './pythonDispatch.js';
import {
  type PythonActorEntry,
  PythonDispatcher,
  type PythonJournal,
  type PythonLifecycle,
  type PythonRunningState,
} from './pythonDispatcher.js';

const hourMs = 3_600_000;

/**
 * What a Python dispatcher does with our service. Changes that come faster than it reads push others out of its buffers (50
 * events, 30 running states), so the tests wait for what it says about a change before they make the next one.
 */
export function describeDispatcher(newPlace: NewPlace): void {
  let place: ServedPlace;
  let service: ServiceProcess;
  let connection: DispatchClient;
  let client: MicrogridClient;
  let python: PythonDispatcher;
  let existing: PythonJournal<PythonLifecycle>;

  beforeAll(async () => {
    place = await newPlace();
    service = await startService(place.database);
    connection = new DispatchClient({ address: service.address, ...credentials });
    client = connection.forMicrogrid(1);
    for (const dispatch of [{}, laterRun, { active: false }, daily]) await create('EXISTING', dispatch);
    python = new PythonDispatcher();
    await python.connect({ address: service.address, ...credentials }, 1);
    existing = await python.lifecycle('EXISTING');
    await python.start();
  });
  afterAll(async () => {
    connection?.close();
    for (const resource of [python, service, place]) await resource?.[Symbol.asyncDispose]();
  });

  /** Creates a dispatch: a run without an end that begins at once, but for what a test says. Returns its id. */
  async function create(type: string, dispatch: Partial<NewDispatch> = {}, by = client): Promise<number> {
    return (await by.create({ type, startTime: 'NOW', selector: { ids: [1] }, ...dispatch })).id;
  }

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

  it('goes on when the service was restarted, and hears of what was changed meanwhile', async () => {
    const lifecycle = await python.lifecycle('KEPT');
    const running = await python.runningState('KEPT');
    const actors = await python.manage('KEPT');
    const steady = await create('KEPT', { payload: { setpoint: 1 } });
    expect(inWords(await running.next())).toBe(`${steady} starts`);
    expect(await actors.next()).toEqual(actorEntry(1, 'starts', { options: { setpoint: 1 } }));
    const ending = await create('KEPT', { ...daily, startTime: 'NOW', durationMs: 4000 });
    expect(inWords(await running.next())).toBe(`${ending} starts`);
    expect(await actors.next()).toMatchObject({ actor: 2, does: 'starts' });
    const changing = await create('KEPT', laterRun);
    const going = await create('KEPT', { active: false });
    expect((await lifecycle.take(4)).map(eventInWords)).toEqual(
      [steady, ending, changing, going].map(id => `Created ${id}`),
    );
    const before = await python.listed('KEPT');
    expect(await python.held('KEPT')).toEqual(before);

    const { port } = service;
    await service[Symbol.asyncDispose]();
    // A service on another port: what is changed there cannot fall between the dispatcher's list and its stream.
    const coming = await (async () => {
      await using elsewhere = await startService(place.database);
      await using there = new DispatchClient({ address: elsewhere.address, ...credentials });
      const other = there.forMicrogrid(1);
      await other.update(changing, { startTime: new Date(fromNow(2 * hourMs)) });
      await other.delete(going);
      return await create('KEPT', laterRun, other);
    })();
    expect(inWords(await running.next())).toBe(`${ending} stops`);
    expect(await actors.next()).toMatchObject({ actor: 2, does: 'stops' });
    expect(await python.held('KEPT')).toEqual(before);
    service = await startService(place.database, port);
    await python.catchUp();

    const heard = (await lifecycle.rest()).map(eventInWords).sort();
    expect(heard).toEqual([`Created ${coming}`, `Deleted ${going}`, `Updated ${changing}`]);
    const after = await python.listed('KEPT');
    expect(after.map(({ id }) => id)).toEqual([steady, ending, changing, coming]);
    expect(after.slice(0, 2)).toEqual(before.slice(0, 2));
    expect(await python.held('KEPT')).toEqual(after);

    await client.update(steady, { payload: { setpoint: 4 } });
    expect(await actors.next()).toEqual(actorEntry(1, 'is reconfigured', { options: { setpoint: 4 } }));
    await client.delete(steady);
    expect(await actors.rest()).toEqual([actorEntry(1, 'stops', { options: { setpoint: 4 } })]);
    expect((await running.rest()).map(inWords)).toEqual([`${steady} starts`, `${steady} stops`]);
    expect((await lifecycle.rest()).map(eventInWords)).toEqual([`Updated ${steady}`, `Deleted ${steady}`]);
    expect(await python.held('KEPT')).toEqual(await python.listed('KEPT'));
  }, 60_000);
}

const naIon = { target: { categories: ['BatteryType.NA_ION'] } };
const laterRun = { startTime: new Date(fromNow(hourMs)), durationMs: 600_000 };
const daily = { ...laterRun, recurrence: { frequency: 'DAILY', interval: 1 } } as const;

function actorEntry(
  actor: number,
  does: PythonActorEntry['does'],
  info: Partial<PythonActorEntry> = {},
): PythonActorEntry {
  return { actor, does, target: { ids: [1] }, dry_run: false, options: {}, ...info };
}

function inWords({ started, dispatch }: PythonRunningState): string {
  return `${dispatch.id} ${started ? 'starts' : 'stops'}`;
}

function eventInWords({ event, dispatch }: PythonLifecycle): string {
  return `${event} ${dispatch.id}`;
}
