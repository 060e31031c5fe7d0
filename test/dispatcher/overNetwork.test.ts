import { afterEach, describe, expect, it } from 'vitest';
import { ListMicrogridDispatchesResponse } from '../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import type { Credentials } from '../../src/client/credentials.js';
import { silentLogger } from '../../src/logger.js';
import type { DispatchError } from '../../src/model/dispatchError.js';
import { memoryStore } from '../../src/service/store/memory/memoryStore.js';
import { encodeDispatch } from '../../src/wire/dispatchCodec.js';
import { dispatchRecord } from '../support/dispatchRecord.js';
import { createIn, resumableService } from '../support/resumableService.js';
import { scriptedService } from '../support/scriptedService.js';
import { tcpProxy } from '../support/tcpProxy.js';
import { type Reached, ways } from '../support/ways.js';

const cleanUps: (() => PromiseLike<unknown>)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

const credentials = { authKey: 'key', signSecret: 'secret' };
const dispatch = encodeDispatch(dispatchRecord({ id: 1, microgridId: 1, startTimeMs: Date.now() + 3_600_000 }));
const selector = { categories: [{ category: 'BATTERY' }] } as const;

describe.each(ways)('a dispatcher over $name', way => {
  async function serve(at?: string): Promise<Reached> {
    const service = await way.serve(credentials, at);
    cleanUps.push(() => service[Symbol.asyncDispose]());
    return service;
  }

  async function follow(place: string, options: Credentials = {}) {
    const dispatcher = way.dispatcher(place, { microgridId: 1, ...credentials, logger: silentLogger, ...options });
    cleanUps.push(() => dispatcher.stop());
    const said: string[] = [];
    const problems: DispatchError[] = [];
    dispatcher.on('lifecycle', ({ type, dispatch }) => said.push(`${dispatch.id} ${type}`));
    dispatcher.on('running', ({ id, change }) => said.push(`${id} ${change?.kind} by ${change?.cause}`));
    dispatcher.on('problem', problem => problems.push(problem));
    await dispatcher.start();
    return { dispatcher, said, problems };
  }

  it('tells what its own client changes', async () => {
    const { place } = await serve();
    const { dispatcher, said } = await follow(place);
    await dispatcher.ready();
    const { id } = await dispatcher.client.create({ type: 'CHARGE', startTime: 'NOW', selector });
    await dispatcher.client.update(id, { payload: { kw: 3 } });
    await dispatcher.client.update(id, { active: false });
    await dispatcher.client.delete(id);
    await expect
      .poll(() => said)
      .toEqual([
        '1 created',
        '1 started by update',
        '1 updated',
        '1 reconfigured by update',
        '1 updated',
        '1 stopped by update',
        '1 deleted',
      ]);
  });

  it('finds what was there before it', async () => {
    const { place } = await serve();
    const first = await follow(place);
    await first.dispatcher.client.create({ type: 'CHARGE', startTime: 'NOW', selector });
    const { dispatcher, said } = await follow(place);
    await dispatcher.ready();
    expect(said).toEqual(['1 created', '1 started by sync']);
    expect(dispatcher.dispatches.get(1)?.running('CHARGE')).toBe('RUNNING');
  });

  it('waits for a service that is not there yet, and follows one that takes its place', async () => {
    const early = await serve();
    await early[Symbol.asyncDispose]();
    const { dispatcher, said, problems } = await follow(early.place);
    await expect.poll(() => problems.map(({ code }) => code)).toContain('UNAVAILABLE');
    await serve(early.place);
    await dispatcher.ready({ timeoutMs: 20_000 });
    await dispatcher.client.create({ type: 'CHARGE', startTime: 'NOW', selector });
    await expect.poll(() => said).toEqual(['1 created', '1 started by update']);
  });

  it('lists again when the service was restarted', async () => {
    const service = await serve();
    const { dispatcher, said } = await follow(service.place);
    await dispatcher.ready();
    await dispatcher.client.create({ type: 'CHARGE', startTime: 'NOW', selector });
    await expect.poll(() => said).toHaveLength(2);
    await service[Symbol.asyncDispose]();
    // It kept its dispatches in memory: the new one has none.
    await serve(service.place);
    await expect.poll(() => said.slice(2), { timeout: 20_000 }).toEqual(['1 deleted', '1 stopped by delete']);
  });

  it('reports rejected credentials', async () => {
    const { place } = await serve();
    const { problems } = await follow(place, { signSecret: 'hunter2' });
    await expect.poll(() => problems.map(({ code }) => code)).toEqual(['UNAUTHENTICATED']);
    expect(problems[0]?.message).not.toContain('hunter2');
  });

  it('polls a service that has no streams', async () => {
    await using service = await scriptedService({
      listMicrogridDispatches: async () => ListMicrogridDispatchesResponse.create({ dispatches: [dispatch] }),
    });
    await using led = await way.leadTo(service.address);
    const { dispatcher, said } = await follow(led.place);
    await dispatcher.ready();
    expect(dispatcher.status).toMatchObject({ state: 'live', polling: true });
    expect(said).toEqual(['1 created']);
  });

  it('goes on at once when its connection was cut, without a list, and is told of what it missed', async () => {
    const store = memoryStore();
    await using service = await resumableService(store);
    await using led = await way.leadTo(service.address);
    await using proxy = await tcpProxy(portOf(led.place));
    const { dispatcher, said } = await follow(way.placeOf(proxy.port));
    await dispatcher.ready();
    const { lists } = service;
    proxy.cut();
    await expect.poll(() => dispatcher.status.state).toBe('waiting');
    await createIn(store, 1);
    expect(said).toEqual([]);
    proxy.restore();
    await expect.poll(() => said).toEqual(['1 created']);
    expect(service.lists).toBe(lists);
  });
});

function portOf(place: string): number {
  return Number(/:(\d+)/.exec(place)?.[1]);
}
