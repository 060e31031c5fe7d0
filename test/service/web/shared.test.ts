import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { connect, type Socket } from 'node:net';
import { json } from 'node:stream/consumers';
import { Metadata, Status } from 'nice-grpc-common';
import { describe, expect, it } from 'vitest';
import { checkDispatchService } from '../../../src/service/checkDispatchService.js';
import { type DispatchServiceOptions, startDispatchService } from '../../../src/service/index.js';
import { keysFile } from '../../support/keysFile.js';
import { created, rawClient, refusalOf } from '../../support/rawService.js';
import { signedMetadata } from '../../support/signedMetadata.js';

const SERVICE = '/frequenz.api.dispatch.v1.MicrogridDispatchService';
const ALL = { name: 'all', key: 'key-of-all', secret: 'secret-of-all', microgrids: 'all', audit: true } as const;
const READER = { name: 'reader', key: 'key-of-reader', microgrids: [1], access: 'read' } as const;

async function serve(options: DispatchServiceOptions = {}) {
  const service = await startDispatchService({ web: {}, ...options });
  const { client, channel } = rawClient(service);
  const webUrl = service.webUrl ?? '';
  return {
    ...service,
    client,
    webUrl,
    /** Calls by JSON. */
    async post(method: string, body: object, headers: object = {}, localAddress?: string) {
      const sent = { 'content-type': 'application/json', ...headers };
      const path = method.startsWith('/') ? method : `${SERVICE}/${method}`;
      const request = httpRequest(webUrl + path, { method: 'POST', headers: sent, localAddress });
      request.end(JSON.stringify(body));
      const [response] = await once(request, 'response');
      // biome-ignore lint/suspicious/noExplicitAny: whatever the service answers.
      return { status: response.statusCode, body: (await json(response)) as any };
    },
    async [Symbol.asyncDispose]() {
      channel.close();
      await service.stop();
    },
  };
}

const CREATION = {
  microgridId: 1,
  startImmediately: true,
  dispatchData: { type: 'CHARGE', target: { componentIds: { ids: [1] } } },
};

describe('both ports share', () => {
  it('the nonces of signatures', async () => {
    using keys = keysFile([ALL]);
    await using service = await serve({ keys: keys.path });
    const metadata = signedMetadata({ ...ALL, method: 'ListMicrogridDispatches' });
    await service.client.listMicrogridDispatches({ microgridId: 1n }, { metadata });
    const headers = Object.fromEntries([...metadata].map(([name, [value]]) => [name, String(value)]));
    expect(await service.post('ListMicrogridDispatches', { microgridId: 1 }, headers)).toEqual({
      status: 401,
      body: { code: 'unauthenticated', message: 'the nonce of the signature was already used' },
    });
  });

  it('the rights of keys, and what happens when one is revoked', async () => {
    using keys = keysFile([ALL, READER]);
    await using service = await serve({ keys: keys.path });
    const key = { key: READER.key };
    expect(await service.post('CreateMicrogridDispatch', CREATION, key)).toMatchObject({
      status: 403,
      body: { code: 'permission_denied', message: 'the API key may only read' },
    });
    expect(await service.post('ListMicrogridDispatches', { microgridId: 2 }, key)).toMatchObject({ status: 403 });
    const request = httpRequest(`${service.webUrl}${SERVICE}/StreamMicrogridDispatches`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/x-ndjson', ...key },
    });
    request.end('{"microgridId":1}');
    const [response] = await once(request, 'response');
    const ended = json(response);
    keys.replace([ALL]);
    await service.reload();
    expect(await ended).toMatchObject({ error: { code: 'unauthenticated' } });
  });

  it('the limits of a key', async () => {
    await using service = await serve({ authKey: 'key', limits: { callsPerSecond: 1 } });
    const metadata = Metadata({ key: 'key' });
    for (let i = 0; i < 5; i++) await service.client.listMicrogridDispatches({ microgridId: 1n }, { metadata });
    expect(await service.post('ListMicrogridDispatches', { microgridId: 1 }, { key: 'key' })).toEqual({
      status: 429,
      body: {
        code: 'resource_exhausted',
        message: 'more than 1 calls per second with this API key: the limit of this service',
      },
    });
  });

  it('the budget of an address for wrong keys, which another address does not use up', async () => {
    await using service = await serve({ authKey: 'key', limits: { unauthenticatedPerSecond: 1 } });
    const call = (address: string) =>
      service.post('ListMicrogridDispatches', { microgridId: 1 }, { key: 'no' }, address);
    const statuses = [];
    for (let i = 0; i < 8; i++) statuses.push((await call('127.0.0.2')).status);
    expect(statuses.slice(0, 5)).toEqual([401, 401, 401, 401, 401]);
    expect(statuses).toContain(429);
    expect((await call('127.0.0.3')).status).toBe(401);
    const refused = service.client.listMicrogridDispatches({ microgridId: 1n }, { metadata: Metadata({ key: 'no' }) });
    expect((await refusalOf(refused)).code).toBe(Status.UNAUTHENTICATED);
  });

  it('request ids, and the audit with its notes', async () => {
    await using service = await serve();
    const note = Buffer.from('grid völlig voll').toString('base64');
    const headers = { 'request-id': 'one', 'note-bin': note };
    const first = await service.post('CreateMicrogridDispatch', CREATION, headers);
    const again = await service.post('CreateMicrogridDispatch', CREATION, headers);
    expect(again).toEqual(first);
    const over = await service.client.listMicrogridDispatches({ microgridId: 1n });
    expect(over.dispatches).toHaveLength(1);
    const { body } = await service.post('/xstate_dispatch.v1.Operations/ListAudit', { microgridId: 1 });
    expect(body.entries).toMatchObject([
      { requestId: 'one', note: 'grid völlig voll', method: 'CreateMicrogridDispatch' },
    ]);
  });

  it('metrics and health', async () => {
    await using service = await serve({ metrics: '0' });
    await service.post('ListMicrogridDispatches', { microgridId: 1 });
    await service.client.listMicrogridDispatches({ microgridId: 1n });
    await service.post('/nothing', {});
    const metrics = await (await fetch(service.metricsUrl ?? '')).text();
    expect(metrics).toContain('dispatch_calls_total{method="ListMicrogridDispatches",status="OK",key=""} 2');
    expect(metrics).toContain('dispatch_unknown_calls_total 1');
    expect((await service.post('/grpc.health.v1.Health/Check', { service: 'nobody' })).status).toBe(404);
  });
});

describe('an attacker over HTTP', () => {
  it('with many half-open connections and wrong calls does not keep callers over gRPC waiting', async () => {
    await using service = await serve({ authKey: 'key', limits: { webConnections: 200 } });
    const port = Number(new URL(service.webUrl).port);
    const head = `POST ${SERVICE}/ListMicrogridDispatches HTTP/1.1\r\nhost: localhost\r\n`;
    const sockets = Array.from({ length: 300 }, (_, i) => attack(port, i % 2 === 0 ? head : `${head}${WRONG}`));
    try {
      // Those above the limit are closed at once.
      await expect
        .poll(() => sockets.filter(({ closed }) => closed).length, { timeout: 20_000 })
        .toBeGreaterThanOrEqual(100);
      const metadata = Metadata({ key: 'key' });
      const { id } = await created(service.client, {}, 1n, { metadata });
      const { dispatches } = await service.client.listMicrogridDispatches({ microgridId: 1n }, { metadata });
      expect(dispatches.map(dispatch => dispatch.metadata?.dispatchId)).toEqual([id]);
    } finally {
      for (const socket of sockets) socket.destroy();
    }
    await expect
      .poll(() => service.post('ListMicrogridDispatches', { microgridId: 1 }, { key: 'key' }).catch(() => null))
      .toMatchObject({ status: 200 });
  });
});

const WRONG = 'content-type: application/json\r\nkey: wrong\r\ncontent-length: 50\r\n\r\n{';

function attack(port: number, bytes: string): Socket {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  socket.write(bytes);
  return socket.resume();
}

describe('options', () => {
  it.each<[DispatchServiceOptions, string, RegExp]>([
    [
      { web: { listen: '0.0.0.0:0' } },
      'web.listen',
      /^web\.listen: 0\.0\.0\.0:0 can be reached from other machines, which needs API keys/,
    ],
    [{ web: { listen: 'somewhere' } }, 'web.listen', /is not HOST:PORT/],
    [{ web: { listen: '70000' } }, 'web.listen', /^web\.listen: the port must be 0 to 65535, not 70000$/],
    ...[
      'console.example',
      'https://console.example/',
      'https://console.example/path',
      'https://*.example',
      '*',
      'null',
      'file:///x',
    ].map((origin): [DispatchServiceOptions, string, RegExp] => [
      { web: { origins: [origin] } },
      'web.origins',
      /is not an origin, such as .*: a scheme and a host without wildcards, .* no slash at the end$/,
    ]),
  ])('%j are refused', async (options, field, message) => {
    await expect(startDispatchService(options)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      field,
      message: expect.stringMatching(message),
    });
  });

  it('of a port that is in use are refused, and nothing is left open', async () => {
    await using service = await serve();
    const listen = new URL(service.webUrl).host;
    await expect(startDispatchService({ web: { listen } })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: `cannot listen on ${listen} for HTTP: the address is already in use`,
    });
    expect((await checkDispatchService({ web: { listen } })).filter(({ problem }) => problem)).toMatchObject([
      { what: `listening on ${listen} for HTTP` },
    ]);
  });
});
