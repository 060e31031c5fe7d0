import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { Code } from '@connectrpc/connect';
import { describe, expect, it, vi } from 'vitest';
import { startDispatchService } from '../../../src/service/index.js';
import { memoryStore } from '../../../src/service/store/memory/memoryStore.js';
import { deferred } from '../../support/deferred.js';
import { keptLog } from '../../support/keptLog.js';
import { created, rawClient } from '../../support/rawService.js';
import { serveWeb } from '../../support/serveWeb.js';
import { PROTOCOLS, webClient } from '../../support/webClients.js';

const STREAM = '/frequenz.api.dispatch.v1.MicrogridDispatchService/StreamMicrogridDispatches';
const LINES = { 'content-type': 'application/json', accept: 'application/x-ndjson' };

/** A stream of lines, as `curl -N` gets it. */
async function lines(webUrl: string, body = '{"microgridId":1}', path = STREAM) {
  const request = httpRequest(webUrl + path, { method: 'POST', headers: LINES });
  request.end(body);
  const [response] = await once(request, 'response');
  const read = createInterface({ input: response })[Symbol.asyncIterator]();
  return {
    response,
    async line() {
      const { value, done } = await read.next();
      return done ? null : value;
    },
    [Symbol.dispose]: () => void request.destroy(),
  };
}

describe('a stream of lines', () => {
  it('has its headers at once, and a line of JSON for each event', async () => {
    await using service = await startDisposable();
    using stream = await lines(service.webUrl);
    expect(stream.response.headers).toMatchObject({
      'content-type': 'application/x-ndjson',
      'change-log-position': '0',
      'server-time': expect.any(String),
    });
    const { client, channel } = rawClient(service);
    const { id } = await created(client);
    channel.close();
    expect(JSON.parse((await stream.line()) ?? '')).toMatchObject({
      event: 'EVENT_CREATED',
      dispatch: { metadata: { dispatchId: String(id) }, data: { type: 'TEST', isDryRun: false } },
    });
  });

  it('has an empty line every 15 seconds', async () => {
    await using service = await startDisposable();
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    try {
      using stream = await lines(service.webUrl);
      for (let i = 0; i < 2; i++) {
        vi.advanceTimersByTime(15_000);
        expect(await stream.line()).toBe('');
      }
    } finally {
      vi.useRealTimers();
    }
  });

  it('is refused with a status when it cannot be opened', async () => {
    await using service = await startDisposable();
    const path = '/xstate_dispatch.v1.Operations/FollowAudit';
    using stream = await lines(service.webUrl, '{"microgridId":1,"afterSeq":"5"}', path);
    expect(stream.response.statusCode).toBe(400);
    expect(JSON.parse((await stream.line()) ?? '')).toMatchObject({ code: 'failed_precondition' });
  });

  it('ends with a line that tells why', async () => {
    const service = await startDisposable();
    using stream = await lines(service.webUrl);
    const stopped = service.stop();
    expect(JSON.parse((await stream.line()) ?? '')).toEqual({
      error: { code: 'unavailable', message: 'the service is shutting down' },
    });
    expect(await stream.line()).toBe(null);
    await stopped;
  });
});

async function startDisposable() {
  const service = await startDispatchService({ web: {} });
  return { ...service, webUrl: service.webUrl ?? '', [Symbol.asyncDispose]: () => service.stop() };
}

describe('a service that stops', () => {
  it.each(Object.entries(PROTOCOLS))('ends streams of %s with UNAVAILABLE, and closes the port', async (_, make) => {
    const service = await startDisposable();
    const opened = deferred();
    const events = webClient(make({ baseUrl: service.webUrl, httpVersion: '1.1' }))
      .streamMicrogridDispatches({ microgridId: 1n }, { onHeader: opened.resolve })
      [Symbol.asyncIterator]();
    const next = events.next();
    next.catch(() => {});
    await opened.promise;
    await service.stop();
    await expect(next).rejects.toMatchObject({ code: Code.Unavailable });
    await expect(fetch(service.webUrl)).rejects.toThrow();
  });

  it('lets calls end for its grace, and then cuts them', async () => {
    const { logger, messages } = keptLog();
    const asked = deferred();
    const hanging = {
      ...memoryStore(),
      async get() {
        asked.resolve();
        return new Promise<never>(() => {});
      },
    };
    await using service = await serveWeb(hanging, {}, { stopGraceMs: 50, logger });
    const path = '/frequenz.api.dispatch.v1.MicrogridDispatchService/GetMicrogridDispatch';
    const headers = { 'content-type': 'application/json' };
    const call = fetch(service.webUrl + path, { method: 'POST', headers, body: '{"microgridId":1,"dispatchId":1}' });
    call.catch(() => {});
    await asked.promise;
    await service.stop();
    await expect(call).rejects.toThrow();
    expect(messages('warn')).toContain('calls over HTTP that did not end in time were cancelled');
  });
});

describe('a peer', () => {
  it('that does not read loses its stream, and nobody else waits', async () => {
    await using service = await serveWeb(memoryStore());
    const request = httpRequest(service.webUrl + STREAM, { method: 'POST', headers: LINES });
    request.end('{"microgridId":1}');
    const [response] = await once(request, 'response');
    response.pause();
    (request.socket as Socket).pause();
    using other = await lines(service.webUrl);
    const { client, channel } = rawClient(service);
    const payload = { text: 'x'.repeat(40_000) };
    const count = 200;
    for (let i = 0; i < count; i++) await created(client, { payload });
    channel.close();
    for (let i = 0; i < count; i++) expect(JSON.parse((await other.line()) ?? '')).toHaveProperty('event');
    (request.socket as Socket).resume();
    let last = '';
    for await (const line of createInterface({ input: response })) last = line;
    expect(JSON.parse(last)).toMatchObject({ error: { code: 'resource_exhausted' } });
  });

  it('whose connection has reached its age opens its stream again', async () => {
    await using service = await serveWeb(memoryStore(), {}, { connections: { maxAgeMs: 100 } });
    using stream = await lines(service.webUrl);
    expect(JSON.parse((await stream.line()) ?? '')).toMatchObject({
      error: { code: 'unavailable', message: expect.stringMatching(/has reached its age/) },
    });
  });

  it('that is gone ends what serves it', async () => {
    const { logger, entries } = keptLog();
    await using service = await serveWeb(memoryStore(), {}, { logger });
    const stream = await lines(service.webUrl);
    stream[Symbol.dispose]();
    await expect
      .poll(() => entries.find(({ message }) => message === 'stream')?.fields)
      .toMatchObject({ method: 'StreamMicrogridDispatches', status: 'CANCELLED' });
  });

  it('that waits no longer is told so', async () => {
    const hanging = { ...memoryStore(), get: () => new Promise<never>(() => {}) };
    const { logger, entries } = keptLog();
    await using service = await serveWeb(hanging, {}, { logger, stopGraceMs: 50 });
    const path = '/frequenz.api.dispatch.v1.MicrogridDispatchService/GetMicrogridDispatch';
    const answer = await fetch(service.webUrl + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'connect-timeout-ms': '30' },
      body: '{"microgridId":1,"dispatchId":1}',
    });
    expect(answer.status).toBe(504);
    expect(await answer.json()).toEqual({ code: 'deadline_exceeded', message: 'the deadline of the call has passed' });
    expect(entries).not.toContainEqual(expect.objectContaining({ level: 'error' }));
  });
});
