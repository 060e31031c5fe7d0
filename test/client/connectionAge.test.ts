import { expect, it } from 'vitest';
import { DispatchClient } from '../../src/client/dispatchClient.js';
import { memoryStore } from '../../src/service/store/memory/memoryStore.js';
import { createIn } from '../support/resumableService.js';
import { servedStore } from '../support/servedStore.js';

it.each([5_000, 20])(
  'a service that ends each connection after a while, calls %i ms later, fails no call that may be made again',
  async stopGraceMs => {
    const store = memoryStore();
    const [id = 0] = await createIn(store, 1);
    await using served = await servedStore(store, { connections: { maxAgeMs: 100 }, stopGraceMs });
    const client = new DispatchClient(
      { address: `grpc://127.0.0.1:${served.port}?ssl=false`, retry: { attempts: 10 } },
      // It is about what is made again, not about when.
      { random: () => 0 },
    );
    const untilMs = performance.now() + 2_000;
    let count = 0;
    const call = async () => {
      while (performance.now() < untilMs) {
        expect((await client.get({ microgridId: 1, id })).id).toBe(id);
        await client.create({ microgridId: 2, type: 'T', startTime: 'NOW', selector: { ids: [1] } });
        count += 1;
      }
    };
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, call));
    client.close();
    expect(outcomes.filter(({ status }) => status === 'rejected')).toEqual([]);
    expect(count).toBeGreaterThan(100);
    // Each was made once, however often it was asked for.
    expect(await store.head(2)).toBe(count);
  },
);
