import { afterAll, beforeAll, expect, it } from 'vitest';
import { DispatchClient } from '../../src/client/dispatchClient.js';
import type { MicrogridClient } from '../../src/client/microgridClient.js';
import type { ListOptions } from '../../src/client/requests.js';
import type { Dispatch } from '../../src/dispatch.js';
import { verifySignature } from '../../src/wire/signature.js';
import { describeWithPython } from './describeWithPython.js';
import { type Journal, startJournal } from './journal.js';
import { beforeUpdate, createCases, fullRule, newDispatch, start, startTime, updateCases } from './ourCases.js';
import { fromNow, noRule, type PythonDispatch } from './pythonDispatch.js';
import { PythonService } from './pythonService.js';

const hourMs = 3_600_000;

describeWithPython("our client of the Python package's service", () => {
  let service: PythonService;
  let client: DispatchClient;
  let microgrid: MicrogridClient;
  beforeAll(async () => {
    service = await new PythonService().start();
    client = new DispatchClient({ address: service.address, authKey: 'any', signSecret: 'secret' });
    microgrid = client.forMicrogrid(1);
  });
  afterAll(async () => {
    client?.close();
    await service?.[Symbol.asyncDispose]();
  });

  async function stored({ id }: { id: number }): Promise<PythonDispatch | undefined> {
    return (await service.stored()).find(dispatch => dispatch.id === id);
  }

  it.each(createCases)('creates %s', async (_, dispatch, weRead, pythonReads) => {
    const created = await microgrid.create(newDispatch(dispatch));
    const always = { microgridId: 1, type: 'INTEROP', startTimeMs: startTime.getTime(), recurrence: null, payload: {} };
    expect(created.record).toMatchObject({ ...always, active: true, dryRun: false, ...weRead });
    expect((await microgrid.get(created.id)).record).toEqual(created.record);
    expect(await stored(created)).toMatchObject({ start_time: start, recurrence: noRule, payload: {}, ...pythonReads });
  });

  it('creates a run that begins at once', async () => {
    const created = await microgrid.create(newDispatch({ startTime: 'NOW' }));
    expect(Math.abs(created.startTime.getTime() - Date.now())).toBeLessThan(5_000);
    expect((await stored(created))?.start_time).toBe(created.startTime.toISOString());
  });

  it.each(updateCases)('updates %s', async (_, changes, pythonReads) => {
    const { id } = await microgrid.create(newDispatch(beforeUpdate));
    const old = await stored({ id });
    const updated = await microgrid.update(id, changes);
    const { update_time } = (await stored({ id })) ?? {};
    expect(await stored({ id })).toEqual({ ...old, ...pythonReads, update_time });
    expect((await microgrid.get(id)).record).toEqual(updated.record);
  });

  it('lists by every filter that the service knows', async () => {
    const other = client.forMicrogrid(2);
    const secondHour = new Date(startTime.getTime() + hourMs);
    const dispatches: Dispatch[] = [];
    for (const dispatch of [
      newDispatch({ type: 'CHARGE' }),
      newDispatch({ type: 'DISCHARGE', startTime: secondHour, active: false }),
      newDispatch({ type: 'SWITCH_ON', startTime: secondHour, durationMs: null, dryRun: true }),
    ]) {
      dispatches.push(await other.create(dispatch));
    }
    const [first, second, third] = dispatches.map(({ id }) => id) as [number, number, number];
    const listed: [ListOptions, number[]][] = [
      [{}, [first, second, third]],
      [{ pageSize: 1 }, [first, second, third]],
      [{ active: true }, [first, third]],
      [{ dryRun: true }, [third]],
      [{ startFrom: secondHour }, [second, third]],
      [{ startTo: secondHour }, [first]],
      [{ endFrom: secondHour }, [second, third]],
      // To this service, what has no end ends before everything too.
      [{ endTo: secondHour }, [first, third]],
      [{ ids: [first, third] }, [first, third]],
      [{ queries: [`#${second}`, 'CHARGE'] }, [first, second]],
    ];
    for (const [options, ids] of listed) {
      expect(await idsOf(other.list(options)), JSON.stringify(options)).toEqual(ids);
    }
  });

  it('takes every call also with the microgrid in it', async () => {
    const { id } = await client.create({ microgridId: 4, ...newDispatch() });
    const changes = { durationMs: 1000 };
    const updated = await client.update({ microgridId: 4, id, changes });
    expect((await client.get({ microgridId: 4, id })).record).toEqual(updated.record);
    expect(await idsOf(client.list({ microgridId: 4 }))).toEqual([id]);
    await client.delete({ microgridId: 4, id });
    expect(await idsOf(client.list({ microgridId: 4 }))).toEqual([]);
    const stop = new AbortController();
    const change = client.watch({ microgridId: 4, signal: stop.signal }).next();
    stop.abort();
    await expect(change).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('asks again for what it may ask again, each time with a new signature', async () => {
    const { id } = await microgrid.create(newDispatch());
    await service.attempts();
    await service.fail(['UNAVAILABLE', 'RESOURCE_EXHAUSTED']);
    await microgrid.get(id);
    await service.fail(['UNAVAILABLE']);
    expect(await idsOf(microgrid.list({ ids: [id] }))).toEqual([id]);
    const attempts = await service.attempts();
    const [get, list] = ['GetMicrogridDispatch', 'ListMicrogridDispatches'];
    expect(attempts.map(({ call }) => call)).toEqual([get, get, get, list, list]);
    expect(new Set(attempts.map(({ metadata }) => metadata.nonce)).size).toBe(attempts.length);
    for (const { call, metadata, seconds_left } of attempts) {
      const { key = '', ts = '', nonce = '', sig = '' } = metadata;
      expect(verifySignature({ key, ts, nonce, methodPath: `/${call}` }, 'secret', sig)).toBe(true);
      expect(metadata).not.toHaveProperty('request-id');
      expect(seconds_left).toBeGreaterThan(0);
      expect(seconds_left).toBeLessThanOrEqual(60);
    }
  });

  it('makes no change again of which the answer was lost: this service would make it twice', async () => {
    const before = (await service.stored()).length;
    await service.attempts();
    await service.fail(['UNAVAILABLE'], { applied: true });
    await expect(microgrid.create(newDispatch())).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true });
    expect(await service.stored()).toHaveLength(before + 1);
    const id = (await service.stored()).at(-1)?.id as number;
    await service.fail(['UNAVAILABLE'], { applied: true });
    await expect(microgrid.delete(id)).rejects.toMatchObject({ code: 'UNAVAILABLE', dispatchId: id });
    expect(await service.stored()).toHaveLength(before);
    const attempts = await service.attempts();
    expect(attempts.map(({ call }) => call)).toEqual(['CreateMicrogridDispatch', 'DeleteMicrogridDispatch']);
    expect(new Set(attempts.map(({ metadata }) => metadata['request-id'])).size).toBe(2);
  });

  it('gives up a stream when its time is over, as the service was told', async () => {
    const hasty = new DispatchClient({ address: service.address, streamTimeoutMs: 200 });
    await service.attempts();
    await expect(hasty.watch({ microgridId: 5 }).next()).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    hasty.close();
    const [{ call, seconds_left } = { call: '', seconds_left: null }] = await service.attempts();
    expect(call).toBe('StreamMicrogridDispatches');
    expect(seconds_left).toBeLessThanOrEqual(0.2);
  });

  it('deletes, and finds no more what it deleted', async () => {
    const { id } = await microgrid.create(newDispatch());
    await microgrid.delete(id);
    expect(await stored({ id })).toBeUndefined();
    const notFound = { code: 'NOT_FOUND', dispatchId: id };
    await expect(microgrid.get(id)).rejects.toMatchObject(notFound);
    await expect(microgrid.update(id, { active: false })).rejects.toMatchObject(notFound);
    await expect(microgrid.delete(id)).rejects.toMatchObject(notFound);
  });

  it('watches changes in their order, until the service ends the stream', async () => {
    const other = client.forMicrogrid(3);
    const events = other.watch();
    let event = events.next();
    let heard = false;
    const hear = () => {
      heard = true;
    };
    void event.then(hear, hear);
    // The service tells of an open stream by its first event only.
    let probe = await other.create(newDispatch());
    while (!heard) probe = await other.create(newDispatch());
    while ((await event).value?.dispatch.id !== probe.id) event = events.next();

    const created = await other.create(newDispatch());
    const updated = await other.update(created.id, { durationMs: 1000 });
    await other.delete(created.id);
    const told = [await events.next(), await events.next(), await events.next()].map(({ value }) => value);
    expect(told.map(change => [change?.type, change?.dispatch.record])).toEqual([
      ['created', created.record],
      ['updated', updated.record],
      ['deleted', updated.record],
    ]);
    await service.endStreams();
    await expect(events.next()).rejects.toMatchObject({ code: 'UNAVAILABLE', message: 'the service ended the stream' });
  });
});

describeWithPython("our dispatcher and the Python package's service", () => {
  let service: PythonService;
  let client: DispatchClient;
  let microgrid: MicrogridClient;
  let journal: Journal;
  beforeAll(async () => {
    service = await new PythonService().start();
    client = new DispatchClient({ address: service.address });
    microgrid = client.forMicrogrid(1);
    await microgrid.create(newDispatch({ startTime: 'NOW' }));
    await microgrid.create(newDispatch());
    await microgrid.create(newDispatch({ startTime: 'NOW', active: false }));
    await microgrid.create(newDispatch({ recurrence: fullRule }));
    journal = await startJournal(service.address, 1);
  });
  afterAll(async () => {
    client?.close();
    for (const resource of [journal, service]) await resource?.[Symbol.asyncDispose]();
  });

  it('agree on what is there', async () => {
    expect(await journal.entries()).toEqual([
      'created 1',
      'running.started 1 by sync',
      'created 2',
      'created 3',
      'created 4',
    ]);
  });

  it('agree on what changes', async () => {
    const { id } = await microgrid.create(newDispatch({ startTime: 'NOW', durationMs: null }));
    await microgrid.update(id, { payload: { setpoint: 1 } });
    await microgrid.update(id, { durationMs: hourMs });
    await microgrid.update(id, { active: false });
    await microgrid.update(id, { active: true });
    await microgrid.delete(id);
    expect(await journal.entries()).toEqual([
      `created ${id}`,
      `running.started ${id} by update`,
      `updated ${id}`,
      `running.reconfigured ${id} by update`,
      `updated ${id}`,
      `running.reconfigured ${id} by update`,
      `updated ${id}`,
      `running.stopped ${id} by update`,
      `updated ${id}`,
      `running.started ${id} by update`,
      `deleted ${id}`,
      `running.stopped ${id} by delete`,
    ]);
  });

  it('agree on when a run begins and ends', async () => {
    const { id } = await microgrid.create(newDispatch({ startTime: new Date(fromNow(100)), durationMs: 1000 }));
    await journal.until(`running.stopped ${id} by schedule`);
    expect(await journal.entries()).toEqual([
      `created ${id}`,
      `running.started ${id} by schedule`,
      `running.stopped ${id} by schedule`,
    ]);
  });

  it('meet again after the service ended the stream', async () => {
    await service.endStreams();
    await journal.until('live');
    const { id } = await microgrid.create(newDispatch());
    await microgrid.delete(id);
    expect(await journal.entries()).toEqual([
      'waiting',
      'connecting',
      'catchingUp',
      'live',
      `created ${id}`,
      `deleted ${id}`,
    ]);
  });

  it('meet again after the service was away; runs end on schedule meanwhile', async () => {
    const ending = await microgrid.create(newDispatch({ startTime: 'NOW', durationMs: 2000 }));
    const forgotten = await microgrid.create(newDispatch({ startTime: 'NOW' }));
    await service.stop();
    await service.forget(forgotten.id);
    await journal.until(`running.stopped ${ending.id} by schedule`);
    await service.start();
    await journal.until('live');
    const entries = await journal.entries();
    expect(entries.filter(entry => entry.includes(' '))).toEqual([
      `created ${ending.id}`,
      `running.started ${ending.id} by update`,
      `created ${forgotten.id}`,
      `running.started ${forgotten.id} by update`,
      `running.stopped ${ending.id} by schedule`,
      `deleted ${forgotten.id}`,
      `running.stopped ${forgotten.id} by delete`,
    ]);
  });

  it('agree on what a service holds that was killed and lost everything', async () => {
    const lost = (await service.stored()).map(({ id }) => id);
    const { port } = service;
    await service.kill();
    service = await new PythonService(port).start();
    await journal.until('live');
    const entries = await journal.entries();
    expect(entries.filter(entry => entry.includes(' '))).toEqual(
      lost.flatMap(id => (id === 1 ? ['deleted 1', 'running.stopped 1 by delete'] : [`deleted ${id}`])),
    );
  });
});

async function idsOf(dispatches: AsyncIterable<Dispatch>): Promise<number[]> {
  const ids: number[] = [];
  for await (const { id } of dispatches) ids.push(id);
  return ids;
}
