import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DispatchClient } from '../../src/client/dispatchClient.js';
import { describeInDatabases, describeInMemory, type NewPlace, type ServedPlace } from './databases.js';
import { credentials, type FollowedNotification, type Follower, startFollower, startService } from './follower.js';
import { beforeUpdate, createCases, startTime, updateCases } from './pythonCases.js';
import { PythonClient } from './pythonClient.js';
import { fromNow, later, type NewPythonDispatch, noRule, type PythonDispatch } from './pythonDispatch.js';

const hourMs = 3_600_000;

const name = 'a Python client of our service that keeps dispatches';
describeInMemory(name, describeClient);
describeInDatabases(name, describeClient);

function describeClient(newPlace: NewPlace): void {
  let place: ServedPlace;
  let service: Awaited<ReturnType<typeof startService>>;
  let follower: Follower;
  let python: PythonClient;
  let ours: DispatchClient;

  beforeAll(async () => {
    place = await newPlace();
    service = await startService(place.database);
    const { address } = service;
    follower = startFollower(address, 1);
    python = new PythonClient();
    ours = new DispatchClient({ address, ...credentials });
    await python.connect({ address, ...credentials });
  });
  afterAll(async () => {
    for (const resource of [ours, python, follower, service, place]) await resource?.[Symbol.asyncDispose]();
  });

  /** What the follower says about a dispatch, in words. */
  async function heardAbout({ id }: { id: number }, count = 0): Promise<string[]> {
    return (await follower.about(id, count)).map(inWords);
  }

  describe('creates', () => {
    it.each(Object.entries(createCases))('%s', async (_, { creates, reads, weRead }) => {
      const created = await python.create({ start_time: startTime, ...creates });
      const always = { type: 'INTEROP', start_time: startTime, active: true, dry_run: false };
      expect(created).toMatchObject({ ...always, payload: {}, recurrence: noRule, ...reads });
      expect(created.update_time).toBe(created.create_time);
      expect(await python.get(created.id)).toEqual(created);
      const { record } = await ours.get({ microgridId: 1, id: created.id });
      expect(record).toMatchObject({ type: 'INTEROP', startTimeMs: Date.parse(startTime), ...weRead });
      expect(await heardAbout(created)).toEqual([]);
    });

    it('a run that begins at once', async () => {
      const beforeMs = Date.now();
      const created = await python.create({ start_time: 'NOW', duration: 3600 });
      const startMs = Date.parse(created.start_time);
      expect(startMs % 1000).toBe(0);
      expect(startMs).toBeGreaterThan(beforeMs - 1000);
      expect(startMs).toBeLessThanOrEqual(Date.now());
      expect(created.end_time).toBe(later(created.start_time, hourMs));
      const heard = await follower.about(created.id, 1);
      expect(heard.map(inWords)).toEqual(['running.started by update']);
      expect(heard[0]?.run).toEqual({ startMs, endMs: startMs + hourMs });
      await python.delete(created.id);
      expect(await heardAbout(created, 2)).toEqual(['running.started by update', 'running.stopped by delete']);
    });

    it.concurrent.each([
      ['one run', {}],
      ['a daily run', { recurrence: { frequency: 'DAILY', interval: 1 } }],
    ])('%s that begins and ends on schedule', async (_, rule) => {
      const created = await python.create({ start_time: fromNow(1000), duration: 1, ...rule });
      const heard = await follower.about(created.id, 2);
      expect(heard.map(inWords)).toEqual(['running.started by schedule', 'running.stopped by schedule']);
      const run = { startMs: Date.parse(created.start_time), endMs: Date.parse(created.start_time) + 1000 };
      expect(heard).toMatchObject([
        { run, atMs: run.startMs },
        { run, atMs: run.endMs },
      ]);
      expect(Math.min(...heard.map(({ lateMs }) => lateMs))).toBeGreaterThanOrEqual(0);
    });

    it.each([
      ['no target', { target: { ids: [] } }, 'dispatch_data.target'],
      ['an interval above 10,000', { recurrence: { frequency: 'DAILY', interval: 10_001 } }, 'recurrence.interval'],
      ['an hour above 23', { recurrence: { frequency: 'DAILY', byhours: [24] } }, 'recurrence.byhours'],
    ])('nothing with %s', async (_, dispatch, field) => {
      await expect(python.create(dispatch)).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        message: expect.stringContaining(field),
      });
    });
  });

  describe('updates', () => {
    it.each(Object.entries(updateCases))('%s', async (name, { fields, reads }) => {
      const old = await python.create(beforeUpdate);
      const updated = await python.update(old.id, fields);
      const { update_time, end_time } = updated;
      expect(updated).toEqual({ ...old, ...reads, update_time, end_time });
      expect(update_time > old.update_time).toBe(name !== 'no field');
      expect(await python.get(old.id)).toEqual(updated);
      expect(await heardAbout(old)).toEqual([]);
    });

    it('a dispatch that runs, and the follower hears of every change of its run', async () => {
      const dispatch = await python.create({ start_time: 'NOW', duration: null });
      const changes = [
        { payload: { setpoint: 2 } },
        { target: { categories: ['BatteryType.NA_ION'] } },
        { duration: 3600 },
        { active: false },
        { payload: { setpoint: 3 } },
        { active: true },
        { start_time: startTime },
      ];
      for (const fields of changes) await python.update(dispatch.id, fields);
      expect(await heardAbout(dispatch)).toEqual([
        'running.started by update',
        'running.reconfigured by update',
        'running.reconfigured by update',
        'running.reconfigured by update',
        'running.stopped by update',
        'running.started by update',
        'running.stopped by update',
      ]);
    });

    it('nothing that the contract refuses', async () => {
      const old = await python.create();
      await expect(python.update(old.id, { start_time: '2020-01-01T00:00:00Z' })).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        message: expect.stringContaining('start_time'),
      });
      expect(await python.get(old.id)).toEqual(old);
    });
  });

  describe('lists', () => {
    const microgridId = 2;
    const inAnHour = later(startTime, hourMs);
    const batteries = { categories: ['BatteryType.LI_ION'] };
    const news: NewPythonDispatch[] = [
      { type: 'CHARGE', start_time: startTime, target: { ids: [1, 2] } },
      { type: 'CHARGE_FAST', start_time: inAnHour, target: batteries },
      { type: 'DISCHARGE', start_time: later(inAnHour, hourMs), active: false, dry_run: true },
      { type: 'SWITCH_ON', start_time: later(inAnHour, hourMs), duration: null },
    ];
    const dispatches: PythonDispatch[] = [];
    beforeAll(async () => {
      for (const dispatch of news) dispatches.push(await python.create(dispatch, microgridId));
    });
    /** The places of the listed dispatches in the order of their creation. */
    async function listed(options: object): Promise<number[]> {
      const pages = await python.list(options, microgridId);
      return pages.flat().map(id => dispatches.findIndex(dispatch => dispatch.id === id));
    }

    it.each<[string, object, number[]]>([
      ['all, the newest first', {}, [3, 2, 1, 0]],
      ['by target ids', { target_components: [{ ids: [2] }] }, [0]],
      ['by target category', { target_components: [batteries] }, [1]],
      ['by several targets', { target_components: [{ ids: [1] }, batteries] }, [3, 2, 1, 0]],
      ['active', { active: true }, [3, 1, 0]],
      ['inactive', { active: false }, [2]],
      ['dry runs', { dry_run: true }, [2]],
      ['what starts from an instant', { start_from: inAnHour }, [3, 2, 1]],
      ['what starts before an instant', { start_to: inAnHour }, [0]],
      ['what ends from an instant', { end_from: later(inAnHour, 600_000) }, [3, 2, 1]],
      ['what ends before an instant', { end_to: later(inAnHour, 600_000) }, [0]],
      ['a text in the type', { filter_queries: ['CHARGE'] }, [2, 1, 0]],
      ['one of two texts', { filter_queries: ['FAST', 'ON'] }, [3, 1]],
      ['both filters at once', { active: true, filter_queries: ['CHARGE'] }, [1, 0]],
    ])('%s', async (_, options, expected) => {
      expect(await listed(options)).toEqual(expected);
    });

    it('by ids and by queries for ids', async () => {
      const [first, second] = dispatches.map(({ id }) => id);
      expect(await listed({ dispatch_ids: [first, second] })).toEqual([1, 0]);
      expect(await listed({ filter_queries: [`#${second}`] })).toEqual([1]);
    });

    it('page by page', async () => {
      const ids = dispatches.map(({ id }) => id).reverse();
      expect(await python.list({ page_size: 3 }, microgridId)).toEqual([ids.slice(0, 3), ids.slice(3)]);
      expect(await python.list({ page_size: 2, active: true }, microgridId)).toEqual([[ids[0], ids[2]], [ids[3]]]);
      expect(await python.list({}, 99)).toEqual([[]]);
    });
  });

  it('deletes, and finds no more what it deleted', async () => {
    const running = await python.create({ start_time: 'NOW', duration: null });
    await python.delete(running.id);
    const notFound = { code: 'NOT_FOUND', message: `microgrid 1 has no dispatch ${running.id}` };
    await expect(python.get(running.id)).rejects.toMatchObject(notFound);
    await expect(python.update(running.id, { active: false })).rejects.toMatchObject(notFound);
    await expect(python.delete(running.id)).rejects.toMatchObject(notFound);
    expect(await heardAbout(running)).toEqual(['running.started by update', 'running.stopped by delete']);
  });

  it.each([
    ['key', { authKey: 'wrong' }],
    ['secret', { signSecret: 'wrong' }],
  ])('is refused with a wrong %s', async (_, wrong) => {
    await using stranger = new PythonClient();
    await stranger.connect({ address: service.address, ...credentials, ...wrong });
    const refused = { code: 'UNAUTHENTICATED' };
    await expect(stranger.list()).rejects.toMatchObject(refused);
    await expect(stranger.create()).rejects.toMatchObject(refused);
  });

  it('hears of changes in their order', async () => {
    await python.watch(3);
    await python.awaitStream(3);
    const created = await python.create({}, 3);
    const updated = await python.update(created.id, { duration: 60 }, 3);
    await python.delete(created.id, 3);
    const events = await python.receive(3);
    const update_time = events[2]?.dispatch.update_time;
    expect(events).toEqual([
      { event: 'CREATED', dispatch: created },
      { event: 'UPDATED', dispatch: updated },
      { event: 'DELETED', dispatch: { ...updated, update_time } },
    ]);
  });

  it('leaves the follower nothing else to say', async () => {
    expect(await follower.notAskedFor()).toEqual([]);
  });
}

function inWords({ notification, cause }: FollowedNotification): string {
  return `${notification} by ${cause}`;
}
