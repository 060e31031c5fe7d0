import { promises as dns } from 'node:dns';
import { once } from 'node:events';
import { constants, type OutgoingHttpHeaders } from 'node:http2';
import { createServer } from 'node:net';
import { Status } from 'nice-grpc';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  GetMicrogridDispatchResponse,
  ListMicrogridDispatchesResponse,
} from '../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { DispatchClient } from '../../src/client/dispatchClient.js';
import { startTestService } from '../../src/testing/startTestService.js';
import { encodeDispatch } from '../../src/wire/dispatchCodec.js';
import { dispatchRecord } from '../support/dispatchRecord.js';
import { failure } from '../support/failure.js';
import { answerMessage, http2Server } from '../support/http2Server.js';
import { failing, scriptedService } from '../support/scriptedService.js';

const answer = GetMicrogridDispatchResponse.encode(
  GetMicrogridDispatchResponse.create({ dispatch: encodeDispatch(dispatchRecord({ id: 1 })) }),
).finish();
const page = '<!doctype html><title>Sign in</title>'.padEnd(2_000);

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

describe('an answer of something between a client and its service', () => {
  it.each([
    ['a 404', 404, 'text/plain; charset=utf-8', '404 page not found', 'HTTP status 404'],
    ['a 502 without content', 502, undefined, '', 'HTTP status 502'],
    ['a 401', 401, 'text/html', page, 'HTTP status 401'],
    ['a 403 without content', 403, undefined, '', 'HTTP status 403'],
    ['a redirection to a login page', 302, 'text/html', '', 'HTTP status 302'],
    ['a login page', 200, 'text/html', page, 'content of type text/html'],
    ['a short login page', 200, 'text/html', 'Hi', 'content of type text/html'],
    ['a page without content', 200, 'text/html', '', 'HTTP status 200'],
  ])('is a lost connection: %s', async (_, status, contentType, content, told) => {
    await using server = await http2Server(stream => {
      const headers: OutgoingHttpHeaders = { ':status': status };
      if (contentType !== undefined) headers['content-type'] = contentType;
      stream.respond(headers, { endStream: content === '' });
      if (content !== '') stream.end(content);
    });
    await using client = new DispatchClient({ address: server.address, retry: false });
    const calls = [client.get({ microgridId: 1, id: 1 }), client.watch({ microgridId: 1 }).next()];
    for (const call of calls) {
      const message = `UNAVAILABLE: ${told}, not from the service`;
      expect(await failure(call)).toMatchObject({ code: 'UNAVAILABLE', retryable: true, message });
    }
  });

  it('opens no stream', async () => {
    await using server = await http2Server(stream => {
      stream.respond({ ':status': 200, 'content-type': 'text/html' });
      stream.write('Hi');
      setTimeout(() => stream.end(), 50);
    });
    await using client = new DispatchClient({ address: server.address });
    const { opened } = client.forMicrogrid(1).watchRecords();
    expect(await failure(opened)).toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('is none when it has a status of gRPC', async () => {
    await using service = await scriptedService({});
    await using client = new DispatchClient({ address: service.address });
    expect(await failure(client.get({ microgridId: 1, id: 1 }))).toMatchObject({ code: 'UNIMPLEMENTED' });
  });
});

describe('a call that is caught by the end of its connection', () => {
  it.each([
    ['INTERNAL', constants.NGHTTP2_NO_ERROR],
    ['CANCELLED', constants.NGHTTP2_CANCEL],
    ['UNAVAILABLE', constants.NGHTTP2_REFUSED_STREAM],
  ])('is made again where grpc-js would have failed it with %s', async (_, code) => {
    let count = 0;
    await using server = await http2Server(stream => {
      count += 1;
      if (count === 1) stream.close(code);
      else answerMessage(stream, answer);
    });
    await using client = new DispatchClient({ address: server.address });
    expect(await client.get({ microgridId: 1, id: 1 })).toMatchObject({ id: 1 });
    expect(count).toBe(2);
  });

  it('fails with what a service says itself', async () => {
    const statuses = [Status.INTERNAL, Status.CANCELLED];
    const fail = failing(...statuses);
    await using service = await scriptedService({
      getMicrogridDispatch: async () => {
        fail();
        return GetMicrogridDispatchResponse.create({});
      },
    });
    await using client = new DispatchClient({ address: service.address });
    for (const status of statuses) {
      expect(await failure(client.get({ microgridId: 1, id: 1 }))).toMatchObject({ code: Status[status] });
    }
  });
});

describe('a proxy of the environment', () => {
  it('is not asked for a way to this computer', async () => {
    await using service = await startTestService();
    vi.stubEnv('http_proxy', 'http://127.0.0.1:1');
    for (const host of ['127.0.0.1', 'localhost']) {
      const address = service.address.replace('127.0.0.1', host);
      await using client = new DispatchClient({ address, retry: false });
      expect((await client.list({ microgridId: 1 }).next()).done).toBe(true);
    }
  });

  it('is named, without its password, when no connection comes about through it', async () => {
    const closed = createServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const { port } = closed.address() as { port: number };
    closed.close();
    vi.stubEnv('https_proxy', `http://user:hunter2@127.0.0.1:${port}`);
    await using client = new DispatchClient({ address: 'grpc://plant.example:50051?ssl=false', retry: false });
    const error = await failure(client.get({ microgridId: 1, id: 1 }));
    expect(error).toMatchObject({
      code: 'UNAVAILABLE',
      message: `UNAVAILABLE: No connection established, through the proxy 127.0.0.1:${port} of the environment variable https_proxy`,
    });
  });
});

describe('a name that moves to another address', () => {
  it('is looked up again when its connections are refused', async () => {
    const script = { listMicrogridDispatches: async () => ListMicrogridDispatchesResponse.create({}) };
    const first = await scriptedService(script);
    let host = '127.0.0.1';
    const lookup = vi.spyOn(dns, 'lookup').mockImplementation((async () => [{ address: host, family: 4 }]) as never);
    await using client = new DispatchClient({ address: `grpc://plant.example:${first.port}?ssl=false`, retry: false });
    const list = () => client.list({ microgridId: 1 }).next();
    expect((await list()).done).toBe(true);
    await first[Symbol.asyncDispose]();
    await using second = await scriptedService(script, first.port, '127.0.0.2');
    host = '127.0.0.2';
    const began = performance.now();
    await expect.poll(() => list().then(({ done }) => done), { timeout: 10_000, interval: 20 }).toBe(true);
    expect(performance.now() - began).toBeLessThan(2_000);
    expect(second.seen).toHaveLength(1);
    expect(lookup).toHaveBeenCalled();
  });
});
