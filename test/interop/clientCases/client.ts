import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DispatchClient } from '../../../src/client/dispatchClient.js';
import type { NewPlace, ServedPlace } from '../databases.js';
import { credentials, type FollowedNotification, type Follower, startFollower, startService } from '../follower.js';
import { beforeUpdate, createCases, startTime, updateCases } from '../pythonCases.js';
import { PythonClient } from '../pythonClient.js';
import { fromNow, later, noRule } from '../pythonDispatch.js';
import { describeCredentials } from './credentials.js';
import { describeLists } from './lists.js';
import { describeMasks } from './masks.js';
import { describePages } from './pages.js';
import { describeRefusals } from './refusals.js';
import { describeStreams } from './streams.js';

const hourMs = 3_600_000;

/** What a Python client does with our service. */
export function describeClient(newPlace: NewPlace): void {
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
    const { address } = service;
    await python.connect({ address, ...credentials, ...wrong });
    const refused = { code: 'UNAUTHENTICATED' };
    await expect(python.list()).rejects.toMatchObject(refused);
    await expect(python.create()).rejects.toMatchObject(refused);
    await python.connect({ address, ...credentials });
  });

  const test = () => ({ python, ours, address: service.address });
  describeMasks(test);
  describeRefusals(test);
  describeLists(test);
  describePages(test);
  describeStreams(test);
  describeCredentials(test);

  it('leaves the follower nothing else to say', async () => {
    expect(await follower.notAskedFor()).toEqual([]);
  });
}

function inWords({ notification, cause }: FollowedNotification): string {
  return `${notification} by ${cause}`;
}
