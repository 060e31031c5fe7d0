import { once } from 'node:events';
import { createServer, type ServerHttp2Session } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { GetMicrogridDispatchResponse } from '../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { DispatchClient, type DispatchClientOptions } from '../../src/client/dispatchClient.js';
import { Dispatcher } from '../../src/dispatcher/dispatcher.js';
import { silentLogger } from '../../src/logger.js';
import { startTestService } from '../../src/testing/startTestService.js';
import { encodeDispatch } from '../../src/wire/dispatchCodec.js';
import { dispatchRecord, hourMs } from '../support/dispatchRecord.js';
import { failure } from '../support/failure.js';
import { scriptedService } from '../support/scriptedService.js';
import { tcpProxy } from '../support/tcpProxy.js';

/** A ping after 0.3 s, which 0.2 s later counts as lost. */
const keepAlive = 'ssl=false&keep_alive_interval_s=0.3&keep_alive_timeout_s=0.2';
const creation = { type: 'CHARGE', startTime: new Date(Date.now() + hourMs), selector: { ids: [1] } };

function clientThrough(port: number, parameters: string, options: Partial<DispatchClientOptions> = {}): DispatchClient {
  return new DispatchClient({ address: `grpc://127.0.0.1:${port}?${parameters}`, ...options } as DispatchClientOptions);
}

// What no ping noticed would end by a deadline, or not within the time of the test.
describe('a connection that falls silent', () => {
  it('ends a stream', async () => {
    await using service = await startTestService();
    await using proxy = await tcpProxy(Number(new URL(service.address).port));
    await using client = clientThrough(proxy.port, keepAlive);
    const watch = client.forMicrogrid(1).watchRecords();
    await watch.opened;
    proxy.freeze();
    const lost = watch[Symbol.asyncIterator]().next();
    expect(await failure(lost)).toMatchObject({ code: 'UNAVAILABLE', retryable: true });
  });

  it('ends it by its deadline only when the address turns pings off', async () => {
    await using service = await startTestService();
    await using proxy = await tcpProxy(Number(new URL(service.address).port));
    await using client = clientThrough(proxy.port, 'ssl=false&keep_alive=false', { streamTimeoutMs: 1_000 });
    const watch = client.forMicrogrid(1).watchRecords();
    await watch.opened;
    proxy.freeze();
    const lost = watch[Symbol.asyncIterator]().next();
    expect(await failure(lost)).toMatchObject({ code: 'DEADLINE_EXCEEDED', microgridId: 1 });
  });

  it('ends a call that waits for its answer, which is made again on another connection', async () => {
    const dispatch = encodeDispatch(dispatchRecord({ id: 1 }));
    await using proxied = await scriptedService({
      async getMicrogridDispatch() {
        // The second attempt is to get through.
        if (proxied.seen.length > 1) return GetMicrogridDispatchResponse.create({ dispatch });
        proxy.freeze();
        proxy.thaw();
        return GetMicrogridDispatchResponse.create({ dispatch });
      },
    });
    await using proxy = await tcpProxy(proxied.port);
    await using client = clientThrough(proxy.port, keepAlive);
    expect((await client.get({ microgridId: 1, id: 1 })).id).toBe(1);
    expect(proxied.seen).toHaveLength(2);
    await using once = clientThrough(proxy.port, keepAlive, { retry: false });
    const lost = failure(once.get({ microgridId: 1, id: 1 }));
    proxy.freeze();
    expect(await lost).toMatchObject({ code: 'UNAVAILABLE', dispatchId: 1 });
  });

  it('makes a dispatcher connect anew, and find what happened meanwhile once it gets through', async () => {
    await using service = await startTestService();
    await using proxy = await tcpProxy(Number(new URL(service.address).port));
    const address = `grpc://127.0.0.1:${proxy.port}?${keepAlive}`;
    await using dispatcher = new Dispatcher({ microgridId: 1, address, logger: silentLogger });
    const told: string[] = [];
    dispatcher.on('sync', ({ state }) => told.push(state));
    dispatcher.on('problem', ({ code }) => told.push(code));
    dispatcher.on('lifecycle', ({ type, dispatch: { id } }) => told.push(`${type} ${id}`));
    await dispatcher.start();
    await dispatcher.ready();
    proxy.freeze();
    const { id } = await service.client.create({ microgridId: 1, ...creation });
    await expect.poll(() => told, { timeout: 10_000 }).toContain('waiting');
    expect(told.slice(0, 5)).toEqual(['connecting', 'catchingUp', 'live', 'UNAVAILABLE', 'waiting']);
    // Nor does a new connection get through.
    await expect.poll(() => told.filter(word => word === 'waiting').length, { timeout: 10_000 }).toBeGreaterThan(1);
    proxy.thaw();
    await expect.poll(() => told, { timeout: 10_000 }).toContain(`created ${id}`);
    await expect.poll(() => told.at(-1)).toBe('live');
    expect(told.filter(word => word === `created ${id}`)).toHaveLength(1);
  });
});

it('pings as often as the address says, also while no call is open', async () => {
  const server = createServer();
  server.on('stream', stream => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '5' }, { endStream: true });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const connected = once(server, 'session') as Promise<[ServerHttp2Session]>;
  const client = clientThrough((server.address() as AddressInfo).port, keepAlive);
  expect(await failure(client.get({ microgridId: 1, id: 1 }))).toMatchObject({ code: 'NOT_FOUND' });
  const [session] = await connected;
  await once(session, 'ping');
  await once(session, 'ping');
  client.close();
  await once(session, 'close');
  server.close();
});
