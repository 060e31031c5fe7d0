import { once } from 'node:events';
import { request as httpRequest, type OutgoingHttpHeaders } from 'node:http';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DispatchService, startDispatchService } from '../../../src/service/index.js';
import { keptLog } from '../../support/keptLog.js';
import { signedMetadata } from '../../support/signedMetadata.js';

const KEY = 'key-of-all';
const SECRET = 'secret-of-all';
const ALLOWED = 'https://console.example';
const LIST = '/frequenz.api.dispatch.v1.MicrogridDispatchService/ListMicrogridDispatches';
const STREAM = '/frequenz.api.dispatch.v1.MicrogridDispatchService/StreamMicrogridDispatches';

const log = keptLog();
let service: DispatchService;
let port: number;
beforeAll(async () => {
  const web = { origins: [ALLOWED] };
  service = await startDispatchService({ authKey: KEY, signSecret: SECRET, web, logger: log.logger });
  port = Number(new URL(service.webUrl ?? '').port);
});
afterAll(() => service.stop());

function signed(
  method = 'ListMicrogridDispatches',
  options: { ts?: string; nonce?: string } = {},
): OutgoingHttpHeaders {
  const metadata = signedMetadata({ key: KEY, secret: SECRET, method, ...options });
  return Object.fromEntries([...metadata].map(([name, [value]]) => [name, String(value)]));
}

/** A request with any headers, which fetch would not send. */
async function send(headers: OutgoingHttpHeaders, { method = 'POST', path = LIST, body = '{"microgridId":1}' } = {}) {
  const request = httpRequest({ port, path, method, headers: { 'content-type': 'application/json', ...headers } });
  request.end(method === 'POST' ? body : undefined);
  const [response] = await once(request, 'response');
  return { status: response.statusCode, headers: response.headers, text: await text(response) };
}

const NOTE = /^note-bin: must be a text in UTF-8, in base64$/;

describe('refused are', () => {
  it.each<[string, () => OutgoingHttpHeaders, number, RegExp]>([
    [
      'a page of another site',
      () => ({ ...signed(), origin: 'https://evil.example' }),
      403,
      /pages of https:\/\/evil\.example may not/,
    ],
    [
      'a page of another port of this machine',
      () => ({ ...signed(), origin: 'http://localhost:3000' }),
      403,
      /may not call/,
    ],
    [
      'a page without an origin of its own',
      () => ({ ...signed(), origin: 'null' }),
      403,
      /^pages without an origin of their own, .* serve them from an origin/,
    ],
    [
      'an allowed origin over another scheme',
      () => ({ ...signed(), origin: 'http://console.example' }),
      403,
      /may not/,
    ],
    [
      'the same by a proxy under the allowed name',
      () => ({ ...signed(), host: 'console.example', origin: 'http://console.example' }),
      403,
      /may not/,
    ],
    [
      'a name that was made to point here',
      () => ({ ...signed(), host: 'evil.example' }),
      403,
      /host evil\.example is not served/,
    ],
    [
      'the same with its own page',
      () => ({ ...signed(), host: 'evil.example', origin: 'http://evil.example' }),
      403,
      /not served/,
    ],
    ['an address that is not loopback', () => ({ ...signed(), host: '192.0.2.1' }), 403, /not served/],
    ['an invalid host', () => ({ ...signed(), host: 'a b' }), 400, /valid host/],
    ['a text', () => ({ ...signed(), 'content-type': 'text/plain' }), 415, /must be application\/json.*'text\/plain'/],
    ['a form', () => ({ ...signed(), 'content-type': 'application/x-www-form-urlencoded' }), 415, /content type/],
    ['no content type', () => ({ ...signed(), 'content-type': '' }), 415, /content type/],
    ['gRPC', () => ({ ...signed(), 'content-type': 'application/grpc' }), 415, /content type/],
    ['no key', () => ({}), 401, /no API key/],
    ['a wrong key', () => ({ ...signed(), key: 'other' }), 401, /not accepted/],
    ['a key without a signature', () => ({ key: KEY }), 401, /not signed/],
    ['a signature of another method', () => signed('CreateMicrogridDispatch'), 401, /signature is invalid/],
    [
      'an old signature',
      () => signed(undefined, { ts: '1700000000' }),
      401,
      /signed at 2023-11-14T22:13:20Z, and here it is 20\d\d-/,
    ],
    [
      'a compression that is not known',
      () => ({ ...signed(), 'content-encoding': 'br' }),
      501,
      /'br' is not supported/,
    ],
    [
      'a compressed request that is none',
      () => ({ ...signed(), 'content-encoding': 'gzip' }),
      400,
      /cannot be inflated/,
    ],
    [
      'a deadline that is none',
      () => ({ ...signed(), 'connect-timeout-ms': '1.5' }),
      400,
      /^connect-timeout-ms: must be a number of milliseconds of at most 10 digits, not "1\.5"$/,
    ],
    ['a note that is not in base64', () => ({ ...signed(), 'note-bin': '***' }), 400, NOTE],
    ['a note that is a text', () => ({ ...signed(), 'note-bin': 'grid full' }), 400, NOTE],
    ['a note that lacks bits', () => ({ ...signed(), 'note-bin': 'grids' }), 400, NOTE],
    ['a note beyond ASCII', () => ({ ...signed(), 'note-bin': 'völlig' }), 400, NOTE],
    [
      'a request id beyond ASCII',
      () => ({ ...signed(), 'request-id': 'ä' }),
      400,
      /^request-id: must be in printable ASCII characters$/,
    ],
  ])('%s', async (_, headers, status, message) => {
    const answer = await send(headers());
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.text).message).toMatch(message);
  });

  it.each<[string, { method?: string; path?: string }, number, RegExp]>([
    [
      'a method that is not there',
      { path: '/frequenz.api.dispatch.v1.MicrogridDispatchService/Other' },
      404,
      /there is no method/,
    ],
    ['reflection', { path: '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo' }, 404, /there is no method/],
    ['GET', { method: 'GET' }, 405, /by POST/],
    ['a stream without its type', { path: STREAM }, 415, /needs the header accept: application\/x-ndjson/],
  ])('%s', async (_, options, status, message) => {
    const answer = await send(signed(), options);
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.text).message).toMatch(message);
  });

  it('a deadline of gRPC-Web that is none', async () => {
    const { text: trailers } = await send({
      ...signed(),
      'content-type': 'application/grpc-web+json',
      'grpc-timeout': '5',
    });
    expect(decodeURIComponent(trailers)).toContain(
      'grpc-timeout: must be a number of at most 8 digits and its unit, H, M, S, m, u or n, not "5"',
    );
  });

  it('a signature that was used before, also over the other port', async () => {
    const headers = signed();
    expect((await send(headers)).status).toBe(200);
    const again = await send(headers);
    expect(again.status).toBe(401);
    expect(JSON.parse(again.text)).toEqual({
      code: 'unauthenticated',
      message: 'the nonce of the signature was already used',
    });
  });

  it.each<[string, () => OutgoingHttpHeaders, string | Buffer]>([
    ['as it says', () => ({}), 'x'.repeat(200_000)],
    ['as it arrives', () => ({ 'transfer-encoding': 'chunked' }), 'x'.repeat(200_000)],
    ['inflated', () => ({ 'content-encoding': 'gzip' }), gzipSync('x'.repeat(5_000_000))],
  ])('a request that is too large %s', async (_, headers, body) => {
    const answer = await send({ ...signed(), ...headers() }, { body: body as string });
    expect(answer.status).toBe(429);
    expect(JSON.parse(answer.text).message).toBe('the request is larger than 131072 bytes: the limit of this service');
  });

  it('headers that are too large', async () => {
    expect((await send({ ...signed(), 'x-large': 'x'.repeat(20_000) })).status).toBe(431);
  });
});

describe('let in are', () => {
  it.each<[string, () => OutgoingHttpHeaders]>([
    ['programs, which send no origin', () => ({})],
    ['a page of an allowed origin', () => ({ origin: ALLOWED })],
    ['a page of the service itself', () => ({ host: `127.0.0.1:${port}`, origin: `http://127.0.0.1:${port}` })],
    ['localhost', () => ({ host: `localhost:${port}`, origin: `http://localhost:${port}` })],
    ['the same behind another port', () => ({ host: '[::1]:9', origin: 'http://[::1]:9' })],
    ['a proxy under an allowed name', () => ({ host: 'console.example', origin: ALLOWED })],
    ['JSON with its encoding', () => ({ 'content-type': 'application/json; charset=utf-8' })],
  ])('%s', async (_, headers) => {
    expect(await send({ ...signed(), ...headers() })).toMatchObject({ status: 200 });
  });

  it('a compressed request', async () => {
    const body = gzipSync('{"microgridId":1}') as unknown as string;
    expect(await send({ ...signed(), 'content-encoding': 'gzip' }, { body })).toMatchObject({ status: 200 });
  });
});

describe('browsers', () => {
  const preflight = (origin: string) =>
    send(
      { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'key,ts' },
      { method: 'OPTIONS' },
    );

  it('are told what a page may send and read', async () => {
    const { status, headers } = await preflight(ALLOWED);
    expect(status).toBe(204);
    expect(headers).toMatchObject({
      'access-control-allow-origin': ALLOWED,
      vary: 'origin',
      'access-control-allow-methods': 'POST',
    });
    const allowed = String(headers['access-control-allow-headers']).toLowerCase().split(', ');
    expect(allowed).toEqual(
      expect.arrayContaining(
        'key ts nonce sig request-id resume-after note-bin content-type x-grpc-web x-user-agent connect-protocol-version connect-timeout-ms grpc-timeout'.split(
          ' ',
        ),
      ),
    );
    const answer = await send({ origin: ALLOWED });
    expect(answer.status).toBe(401);
    expect(answer.headers).toMatchObject({ 'access-control-allow-origin': ALLOWED, vary: 'origin' });
    const exposed = String(answer.headers['access-control-expose-headers']).toLowerCase().split(', ');
    expect(exposed).toEqual(
      expect.arrayContaining(
        'grpc-status grpc-message grpc-status-details-bin change-log-position resumed server-time'.split(' '),
      ),
    );
  });

  it('are told nothing for other pages', async () => {
    const { status, headers } = await preflight('https://evil.example');
    expect(status).toBe(403);
    expect(headers).not.toHaveProperty('access-control-allow-origin');
  });
});

describe('the log', () => {
  it('tells refusals as those over gRPC, with the peer, and no secrets', async () => {
    await send({ ...signed(), key: 'other' });
    await expect
      .poll(() => log.entries.filter(({ message }) => message === 'call').map(({ fields }) => fields))
      .toContainEqual(
        expect.objectContaining({
          method: 'ListMicrogridDispatches',
          status: 'UNAUTHENTICATED',
          reason: 'the API key is not accepted',
          peer: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
        }),
      );
    const lines = JSON.stringify(log.entries);
    for (const secret of [KEY, SECRET]) expect(lines).not.toContain(secret);
  });
});
