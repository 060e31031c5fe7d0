// Some services leave out of a list by the end what has none, against the contract (macrocosim is one).
import { expect, it } from 'vitest';
import type { DispatchPage } from '../../machines/protocol/transport.js';
import { ListMicrogridDispatchesResponse } from '../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { DispatchClient } from '../../src/client/dispatchClient.js';
import { clientTransport } from '../../src/dispatcher/clientTransport.js';
import { Dispatcher } from '../../src/dispatcher/dispatcher.js';
import { silentLogger } from '../../src/logger.js';
import { memoryStore } from '../../src/service/store/memory/memoryStore.js';
import { memoryTransport } from '../../src/testing/memoryTransport.js';
import { recordNotifications } from '../../src/testing/recordNotifications.js';
import { simulatedClock } from '../../src/testing/simulatedClock.js';
import { collect } from '../support/collect.js';
import { dispatchRecord } from '../support/dispatchRecord.js';
import { resumableService } from '../support/resumableService.js';
import { scriptedService } from '../support/scriptedService.js';
import { at } from '../support/time.js';

it('what has no end goes on when a list leaves it out, and is gone when it is deleted', async () => {
  const clock = simulatedClock(at('09:00'));
  const ids = Array.from({ length: 1_200 }, (_, i) => i + 1);
  const endless = (id: number) => dispatchRecord({ id, startTimeMs: at('08:00'), durationMs: null });
  const ending = (id: number) => dispatchRecord({ id, endTimeMs: at('10:30') });
  const memory = memoryTransport([ending(2_000), ending(2_001)]);
  const asked: number[] = [];
  async function* filtered(
    pages: AsyncIterable<DispatchPage>,
    wants: (id: number, endTimeMs: number | null) => boolean,
  ) {
    for await (const { dispatches, problems } of pages)
      yield { dispatches: dispatches.filter(({ id, endTimeMs }) => wants(id, endTimeMs)), problems };
  }
  const transport: typeof memory = {
    ...memory,
    list: options => filtered(memory.list(options), (_, endTimeMs) => endTimeMs !== null),
    listByIds({ ids: wanted, ...options }) {
      asked.push(wanted.length);
      return filtered(memory.list({ ...options, endFromMs: 0 }), id => wanted.includes(id));
    },
  };
  await using dispatcher = new Dispatcher({ microgridId: 1, transport, clock, logger: silentLogger });
  const recorder = recordNotifications(dispatcher);
  await dispatcher.start();
  await dispatcher.ready();
  // The stream brings them.
  for (const id of ids) memory.put(endless(id));
  await clock.settle();
  recorder.take();
  memory.deleteSilently(7);
  memory.putSilently({
    ...ending(2_001),
    durationMs: null,
    endTimeMs: null,
    updateTime: '2027-01-01T00:00:00.000000000Z',
  });
  memory.putSilently(
    dispatchRecord({ ...endless(8), payload: { kw: 2 }, updateTime: '2027-01-01T00:00:00.000000000Z' }),
  );
  memory.cut();
  await clock.advanceBy(1_000);
  const said = recorder.take().flatMap(output => ('dispatch' in output ? `${output.type} ${output.dispatch.id}` : []));
  expect(said).toEqual([
    'lifecycle.updated 2001',
    'lifecycle.updated 8',
    'running.reconfigured 8',
    'lifecycle.deleted 7',
    'running.stopped 7',
  ]);
  expect(asked).toEqual([500, 500, 201]);
});

it('a list of a service of this package is complete: nothing is asked for by its id', async () => {
  const list = (transport: ReturnType<typeof clientTransport>) => {
    const { signal } = new AbortController();
    return collect(transport.listByIds?.({ microgridId: 1, ids: [1], signal }));
  };
  await using own = await resumableService(memoryStore());
  await using client = new DispatchClient({ address: own.address });
  const transport = clientTransport(client);
  await transport.watch({ microgridId: 1, signal: new AbortController().signal }).opened;
  expect(await list(transport)).toEqual([]);
  expect(own.lists).toBe(0);

  const requested: unknown[] = [];
  await using other = await scriptedService({
    async listMicrogridDispatches({ filter }) {
      requested.push([filter?.dispatchIds, filter?.endTimeInterval]);
      return ListMicrogridDispatchesResponse.create({});
    },
  });
  await using otherClient = new DispatchClient({ address: other.address });
  await list(clientTransport(otherClient));
  expect(requested).toEqual([[[1n], undefined]]);
});
