import { Status } from 'nice-grpc-common';
import { expect, it } from 'vitest';
import { memoryStore } from '../../../src/service/store/memory/memoryStore.js';
import { createIn } from '../../support/resumableService.js';
import { clientsOf, servedStore } from '../../support/servedStore.js';
import { tcpProxy } from '../../support/tcpProxy.js';

// Clients of grpc-js as they are, which make nothing again that may have been served. What is on its way when a connection ends is the
// most where the network is slow and a connection is often without a call.
it('the age of a connection fails no call, however long the way is', async () => {
  const store = memoryStore();
  const [id = 0] = await createIn(store, 1);
  await using served = await servedStore(store, { connections: { maxAgeMs: 150 } });
  await using proxy = await tcpProxy(served.port);
  proxy.delay(20);
  const clients = Array.from({ length: 20 }, () => clientsOf(proxy.port, { 'grpc.use_local_subchannel_pool': 1 }));
  const failures: unknown[] = [];
  const call = async ({ dispatches }: (typeof clients)[number], index: number) => {
    for (let count = 0; count < 25; count += 1) {
      await dispatches
        .getMicrogridDispatch({ microgridId: 1n, dispatchId: BigInt(id) })
        .catch(error => failures.push(error));
      // Half of them call without a pause.
      if (index % 2 === 0) await new Promise(resolve => setTimeout(resolve, Math.random() * 40));
    }
  };
  await Promise.all(clients.map(call));
  for (const { channel } of clients) channel.close();
  expect(failures).toEqual([]);
  // Each call takes 40 ms: so connections have ended.
  expect(proxy.openedCount).toBeGreaterThan(3 * clients.length);
});

it('the age of a connection ends its streams with UNAVAILABLE, and lets calls that are served end', async () => {
  const store = memoryStore();
  let answer: (() => void) | undefined;
  const get = () =>
    new Promise<null>(resolve => {
      answer = () => resolve(null);
    });
  await using served = await servedStore({ ...store, get }, { connections: { maxAgeMs: 150 } });
  const slow = served.dispatches.getMicrogridDispatch({ microgridId: 1n, dispatchId: 1n });
  const stream = served.dispatches.streamMicrogridDispatches({ microgridId: 1n })[Symbol.asyncIterator]();
  await expect(stream.next()).rejects.toMatchObject({
    code: Status.UNAVAILABLE,
    details: 'the connection has reached its age, and the stream must be opened again',
  });
  answer?.();
  await expect(slow).rejects.toMatchObject({ code: Status.NOT_FOUND });
});
