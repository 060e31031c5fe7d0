import { expect, it } from 'vitest';
import { memoryStore } from '../../../src/service/store/memory/memoryStore.js';
import { createIn } from '../../support/resumableService.js';
import { clientsOf, servedStore } from '../../support/servedStore.js';
import { tcpProxy } from '../../support/tcpProxy.js';

const IDLE_MS = 1_000;

/** A stream through a proxy that ends idle connections, of a service that pings so often. */
async function behindProxy(keepAliveMs: number) {
  const store = memoryStore();
  const served = await servedStore(store, { connections: { keepAliveMs } });
  const proxy = await tcpProxy(served.port);
  proxy.endIdle(IDLE_MS);
  const { dispatches, channel } = clientsOf(proxy.port);
  const stream = dispatches.streamMicrogridDispatches({ microgridId: 1n })[Symbol.asyncIterator]();
  const next = stream.next();
  next.catch(() => {});
  return {
    store,
    proxy,
    next,
    async [Symbol.asyncDispose]() {
      channel.close();
      await proxy[Symbol.asyncDispose]();
      await served[Symbol.asyncDispose]();
    },
  };
}

it('a stream without changes outlives a proxy that ends idle connections', async () => {
  await using behind = await behindProxy(IDLE_MS / 4);
  await new Promise(resolve => setTimeout(resolve, 3 * IDLE_MS));
  await createIn(behind.store, 1);
  expect(await behind.next).toMatchObject({ done: false });
  expect(behind.proxy.openedCount).toBe(1);
});

it('without pings the proxy ends it', async () => {
  await using behind = await behindProxy(60_000);
  await expect(behind.next).rejects.toMatchObject({ code: expect.any(Number) });
});
