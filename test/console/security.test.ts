import { once } from 'node:events';
import { createServer, request as httpRequest, type OutgoingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LocalConsole, serveConsole } from '../../src/cli/console/serveConsole.js';
import { DispatchClient, type JsonObject } from '../../src/index.js';
import { silentLogger } from '../../src/logger.js';
import { type DispatchService, startDispatchService } from '../../src/service/index.js';
import { describeWithChromium } from '../support/describeWithChromium.js';
import { builtConsole } from './builtConsole.js';
import { openConsole } from './openConsole.js';

const LIST = '/frequenz.api.dispatch.v1.MicrogridDispatchService/ListMicrogridDispatches';
const credentials = { authKey: 'key-of-service', signSecret: 'secret-of-service' };

let service: DispatchService;
let served: LocalConsole;
let origin: string;
beforeAll(async () => {
  await builtConsole();
  service = await startDispatchService({ ...credentials });
  served = await serveConsole({
    service: { url: service.address, ...credentials },
    listen: '127.0.0.1:0',
    microgrids: [1],
    store: undefined,
    logger: silentLogger,
    onOpened: () => {},
  });
  origin = new URL(served.newLink()).origin;
});
afterAll(async () => {
  await served[Symbol.asyncDispose]();
  await service.stop();
});

interface Sent {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string;
}

/** A request as it is: fetch would change its path, and leave out some headers. */
async function send({ method = 'POST', path = '/session', headers = {}, body = '' }: Sent) {
  const { hostname: host, port } = new URL(origin);
  const request = httpRequest({ host, port, method, path, headers }).end(body || undefined);
  const [response] = await once(request, 'response');
  const content = await text(response);
  return { status: response.statusCode as number, headers: response.headers, content };
}

const json = { 'content-type': 'application/json' };
const newCode = () => new URL(served.newLink()).hash.slice('#code='.length);
const exchange = (headers: OutgoingHttpHeaders, code = newCode()) =>
  send({ headers: { ...json, ...headers }, body: JSON.stringify({ code }) });

async function keyOfPage(): Promise<string> {
  const { status, content } = await exchange({ origin });
  expect(status).toBe(200);
  return JSON.parse(content).key;
}

describe('the console of this machine', () => {
  it('gives its key for a code once, to its own pages only', async () => {
    const code = newCode();
    for (const headers of [
      {},
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: 'http://127.0.0.1:1' },
      { origin, host: 'evil.example' },
      { origin: 'http://evil.example', host: 'evil.example' },
      { origin, 'sec-fetch-site': 'cross-site' },
      { origin, 'sec-fetch-site': 'same-site' },
    ]) {
      const { status, content } = await exchange(headers, code);
      expect([headers, status, JSON.parse(content).code]).toEqual([headers, 403, 'permission_denied']);
    }
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', '']) {
      const { status } = await exchange({ origin, 'content-type': type }, code);
      expect([type, status]).toEqual([type, 400]);
    }
    const first = await exchange({ origin }, code);
    expect(first.status).toBe(200);
    expect(first.headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
    expect(first.headers).not.toHaveProperty('set-cookie');
    expect(first.content).not.toContain(credentials.authKey);
    for (const used of [code, code, 'x', '', null, 5, {}, 'x'.repeat(3_000)]) {
      const { status } = await exchange({ origin }, used as string);
      expect([used, status]).toEqual([used, 401]);
    }
    for (const body of ['', '[]', 'null', '5']) {
      expect([body, (await send({ headers: { ...json, origin }, body })).status]).toEqual([body, 401]);
    }
    expect((await send({ headers: { ...json, origin }, body: '{' })).status).toBe(400);
    expect((await send({ headers: { ...json, origin }, body: 'x'.repeat(20_000) })).status).toBe(429);
    expect((await send({ method: 'GET' })).status).toBe(404);
  });

  it('passes on no call without its key, from other pages or to other names', async () => {
    const key = await keyOfPage();
    const list = (headers: OutgoingHttpHeaders) =>
      send({ path: LIST, headers: { ...json, ...headers }, body: '{"microgridId":1}' });
    expect((await list({ key, origin })).status).toBe(200);
    expect((await list({ origin })).status).toBe(401);
    expect((await list({ key: credentials.authKey, origin })).status).toBe(401);
    expect((await list({ key, origin: 'https://evil.example' })).status).toBe(403);
    expect((await list({ key, origin, host: 'evil.example' })).status).toBe(403);
    expect((await list({ key, origin, 'content-type': 'text/plain' })).status).toBe(415);
    expect((await send({ path: '/history', headers: { ...json, key, origin }, body: '{}' })).status).toBe(404);
  });

  it('serves its files and none of the disk, each with its policy', async () => {
    for (const path of ['/', '/index.html', '/console.js', '/console.css', '/console.json', '/?x=/../y']) {
      const { status, headers } = await send({ method: 'GET', path });
      expect([path, status]).toEqual([path, 200]);
      expect(headers).toMatchObject({
        'content-security-policy': expect.stringMatching(/^default-src 'none'; script-src 'self'; style-src 'self'; /),
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'referrer-policy': 'no-referrer',
        'cross-origin-resource-policy': 'same-origin',
        'cross-origin-opener-policy': 'same-origin',
      });
      const policy = String(headers['content-security-policy']);
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toMatch(/unsafe|\*|https?:/);
    }
    for (const path of [
      '/../package.json',
      '/..%2fpackage.json',
      '/%2e%2e/%2e%2e/package.json',
      '/./console.js',
      '//console.js',
      '/..\\package.json',
      '/console.js%00',
      '/console.js.gz',
      '/etc/passwd',
      '/__proto__',
      '/constructor',
    ]) {
      expect([path, (await send({ method: 'GET', path })).status]).toEqual([path, 404]);
    }
    expect((await send({ method: 'GET', path: 'http://evil.example/console.js' })).status).toBe(400);
  });
});

describeWithChromium('the console in a browser', browser => {
  const script = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>';
  const nested = (levels: number, content: string): JsonObject =>
    levels === 1 ? { [script]: content } : { [script]: nested(levels - 1, content) };

  it('shows scripts in types and payloads, and 50 kB in five levels, as the texts that they are, in every view', async () => {
    await using client = new DispatchClient({ address: service.address, ...credentials });
    const type = `CHARGE ${script}`;
    const created = await client.create({
      microgridId: 1,
      type,
      startTime: 'NOW',
      selector: { ids: [5] },
      payload: nested(5, script.repeat(Math.floor(49_000 / script.length))),
      note: script,
    });
    await client.update({ microgridId: 1, id: created.id, changes: { durationMs: 3_600_000 }, note: script });
    await using console = await openConsole(browser(), served.newLink(), null);
    const { page } = console;
    await page.getByRole('button', { name: 'Microgrid 1 live' }).waitFor();
    await page.getByText(type).first().waitFor();
    await page.getByRole('button', { name: 'Table' }).click();
    await page
      .getByRole('button', { name: new RegExp(`^${created.id}\\b`) })
      .first()
      .click();
    for (const tab of await page.getByRole('tab').all()) await tab.click();
    expect(await page.evaluate('window.hacked')).toBe(undefined);
    expect(await page.locator('img, script:not([src])').count()).toBe(0);
    expect(console.faults).toEqual([]);
  });

  it('cannot be framed, opened or asked by another page', async () => {
    const key = await keyOfPage();
    const evil = createServer((_, response) => {
      response.setHeader('content-type', 'text/html');
      response.end(`<iframe src="${origin}/"></iframe><a href="${origin}/">x</a>`);
    }).listen(0, '127.0.0.1');
    await once(evil, 'listening');
    try {
      const context = await browser().newContext();
      const page = await context.newPage();
      const refused: string[] = [];
      page.on('console', message => refused.push(message.text()));
      // Another site, although on the same machine: `localhost` is not 127.0.0.1.
      await page.goto(`http://localhost:${(evil.address() as AddressInfo).port}/`);
      await expect.poll(() => refused.join('\n')).toMatch(/frame-ancestors 'none'/);
      const asked = await page.evaluate(`(async () => {
        const post = (path, headers, body, mode) => fetch('${origin}' + path, { method: 'POST', headers, body, mode })
          .then(response => response.type + response.status, () => 'refused');
        return Promise.all([
          post('/session', { 'content-type': 'application/json' }, '{"code":"x"}', 'cors'),
          post('/session', { 'content-type': 'text/plain' }, '{"code":"x"}', 'cors'),
          post('${LIST}', { 'content-type': 'application/json', key: '${key}' }, '{"microgridId":1}', 'cors'),
          fetch('${origin}/console.js').then(() => 'read', () => 'refused'),
          fetch('${origin}/console.js', { mode: 'no-cors' }).then(() => 'read', () => 'refused'),
        ]);
      })()`);
      expect(asked).toEqual(['refused', 'refused', 'refused', 'refused', 'refused']);
      await page.evaluate(`void (globalThis.other = open('${origin}/'))`);
      await expect.poll(() => page.evaluate('other === null || other.closed')).toBe(true);
      await context.close();
    } finally {
      evil.closeAllConnections();
      evil.close();
    }
  });
});
