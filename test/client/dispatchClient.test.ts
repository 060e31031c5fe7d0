import { once } from 'node:events';
import { createServer as createHttp2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { openChannel } from '../../src/client/channel.js';
import { DispatchClient, type DispatchClientOptions } from '../../src/client/dispatchClient.js';
import { dispatchFromProtobuf, dispatchToProtobuf } from '../../src/client/protobuf.js';
import { Dispatch } from '../../src/dispatch.js';
import { Dispatcher } from '../../src/dispatcher/dispatcher.js';
import { startDispatchService } from '../../src/service/startDispatchService.js';
import { collect } from '../support/collect.js';
import { dispatchRecord } from '../support/dispatchRecord.js';
import { failure } from '../support/failure.js';
import { newDispatch } from '../support/newDispatch.js';
import { scriptedService } from '../support/scriptedService.js';

const cleanUps: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** A client of a real service. */
async function connect(
  options: Partial<DispatchClientOptions> = {},
  credentials: { authKey?: string; signSecret?: string } = {},
) {
  const service = await startDispatchService(credentials);
  cleanUps.push(() => service.stop());
  return {
    service,
    client: clientOf(service.address, { ...credentials, ...options } as Partial<DispatchClientOptions>),
  };
}

function clientOf(address: string, options: Partial<DispatchClientOptions> = {}) {
  const client = new DispatchClient({ address, ...options } as DispatchClientOptions);
  cleanUps.push(() => client.close());
  return client;
}

describe('the channel of a client', () => {
  it('stays open when it was passed in', async () => {
    const { service } = await connect();
    const channel = openChannel(service.address);
    cleanUps.push(() => channel.close());
    const one = new DispatchClient({ channel });
    await one.create({ microgridId: 1, ...newDispatch() });
    one.close();
    expect(await failure(one.get({ microgridId: 1, id: 1 }))).toMatchObject({ code: 'STOPPED' });
    const two = new DispatchClient({ channel });
    expect(await collect(two.list({ microgridId: 1 }))).toHaveLength(1);
    await using dispatcher = new Dispatcher({ microgridId: 1, channel });
    await dispatcher.start();
    await dispatcher.ready();
    await dispatcher.stop();
    expect(await collect(two.list({ microgridId: 1 }))).toHaveLength(1);
  });

  it('is closed with the client that made it, which then ends its calls and takes no more', async () => {
    const never = () => new Promise<never>(() => {});
    const service = await scriptedService({
      createMicrogridDispatch: never,
      async *streamMicrogridDispatches(_, { header, sendHeader }) {
        header.set('open', 'yes');
        sendHeader();
        yield await never();
      },
    });
    cleanUps.push(() => service[Symbol.asyncDispose]());
    const client = clientOf(service.address);
    const watch = client.forMicrogrid(1).watchRecords();
    const lost = failure(watch[Symbol.asyncIterator]().next());
    await watch.opened;
    const unanswered = failure(client.create({ microgridId: 1, ...newDispatch() }));
    await expect.poll(() => service.seen.length).toBe(2);
    client.close();
    client.close();
    const stopped = { name: 'DispatchError', code: 'STOPPED', message: 'the client is closed', retryable: false };
    expect(await lost).toMatchObject(stopped);
    expect(await unanswered).toMatchObject(stopped);
    expect(await failure(client.get({ microgridId: 1, id: 1 }))).toMatchObject(stopped);
    expect(await failure(client.forMicrogrid(1).create(newDispatch()))).toMatchObject(stopped);
    expect(await failure(client.list({ microgridId: 1 }).next())).toMatchObject(stopped);
    expect(await failure(client.watch({ microgridId: 1 }).next())).toMatchObject(stopped);
    expect(service.seen).toHaveLength(2);
  });

  it.each([
    ['callTimeoutMs', { callTimeoutMs: 0 }],
    ['callTimeoutMs', { callTimeoutMs: 2 ** 31 }],
    ['streamTimeoutMs', { streamTimeoutMs: Number.NaN }],
    ['retry.attempts', { retry: { attempts: 0 } }],
    ['retry.attempts', { retry: { attempts: 1.5 } }],
    ['credentials', { credentials: () => ({}), authKey: 'key' } as never],
  ])('is not opened when %s is wrong', (field, options) => {
    const refused = expect.objectContaining({ code: 'INVALID_ARGUMENT', field });
    expect(() => new DispatchClient({ address: 'grpc://localhost', ...options })).toThrow(refused);
  });

  it.each([
    ['http://localhost', 'scheme'],
    ['grpc://localhost?ssl_root_certificates_path=/nowhere/roots.pem', 'ssl_root_certificates_path cannot be read'],
    ['grpc://localhost?ssl_root_certificates_path=src', 'ssl_root_certificates_path cannot be read'],
    ['grpc://localhost?ssl_private_key_path=package.json', 'must be given together'],
    ['grpc://localhost?ssl_root_certificates_path=package.json', 'not valid PEM'],
    ['grpc://localhost?ssl_private_key_path=package.json&ssl_certificate_chain_path=package.json', 'not valid PEM'],
  ])('is refused for %s', (address, problem) => {
    expect(() => new DispatchClient({ address })).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringContaining(problem) }),
    );
  });
});

it('tells the service how long it waits', async () => {
  const told: unknown[] = [];
  const server = createHttp2Server();
  server.on('stream', (stream, headers) => {
    told.push(headers['grpc-timeout']);
    stream.respond({ ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '5' }, { endStream: true });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanUps.push(() => server.close());
  const { port } = server.address() as AddressInfo;
  const longest = 2 ** 31 - 1;
  const times = { callTimeoutMs: 5_000, streamTimeoutMs: longest };
  const microgrid = clientOf(`grpc://127.0.0.1:${port}?ssl=false`, times).forMicrogrid(1);
  await failure(microgrid.get(1));
  await failure(microgrid.watch().next());
  const [ofCall, ofStream] = told;
  expect(ofCall).toMatch(/^\d+m$/);
  expect(Number.parseInt(`${ofCall}`, 10)).toBeLessThanOrEqual(5_000);
  expect(ofStream).toMatch(/^\d{1,8}S$/);
  expect(Number.parseInt(`${ofStream}`, 10) * 1000).toBeLessThanOrEqual(longest);
});

it('converts between a Dispatch and its generated message', () => {
  const dispatch = new Dispatch(dispatchRecord({ microgridId: 9 }));
  expect(dispatchFromProtobuf(9, dispatchToProtobuf(dispatch)).record).toEqual(dispatch.record);
});
