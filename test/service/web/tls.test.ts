import { once } from 'node:events';
import { copyFileSync, readFileSync } from 'node:fs';
import { connect as connectHttp2 } from 'node:http2';
import { request as httpsRequest } from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type DispatchServiceOptions, startDispatchService } from '../../../src/service/index.js';
import {
  type CertificateAuthority,
  type CertificateFiles,
  certificateAuthority,
  missingOpenssl,
} from '../../support/certificates.js';
import { deferred } from '../../support/deferred.js';
import { describeWith } from '../../support/describeWith.js';
import { temporaryFolder } from '../../support/temporaryFolder.js';
import { PROTOCOLS, webClient } from '../../support/webClients.js';

const CHECK = '/grpc.health.v1.Health/Check';

describeWith(missingOpenssl(), 'over TLS', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let authority: CertificateAuthority;
  let service: CertificateFiles;
  let next: CertificateFiles;
  beforeAll(() => {
    folder = temporaryFolder();
    authority = certificateAuthority(folder.path, 'authority');
    service = authority.issue('service');
    next = authority.issue('next');
  });
  afterAll(() => folder[Symbol.dispose]());

  async function serve(options: DispatchServiceOptions = {}) {
    const started = await startDispatchService({ tls: service, web: {}, ...options });
    const port = Number(new URL(started.webUrl ?? '').port);
    const ca = readFileSync(authority.certificate);
    return { ...started, port, ca, webUrl: `https://localhost:${port}`, [Symbol.asyncDispose]: () => started.stop() };
  }

  it.each(
    Object.entries(PROTOCOLS).flatMap(([name, make]) =>
      (['1.1', '2'] as const).map(version => [name, version, make] as const),
    ),
  )('%s over HTTP/%s makes calls, gets streams, and is told of the stop', async (_, httpVersion, make) => {
    await using served = await serve();
    const client = webClient(make({ baseUrl: served.webUrl, httpVersion, nodeOptions: { ca: served.ca } }));
    expect(await client.listMicrogridDispatches({ microgridId: 1n })).toMatchObject({ dispatches: [] });
    const opened = deferred();
    const events = client
      .streamMicrogridDispatches({ microgridId: 1n }, { onHeader: opened.resolve })
      [Symbol.asyncIterator]();
    const first = events.next();
    first.catch(() => {});
    await opened.promise;
    await client.createMicrogridDispatch({
      microgridId: 1n,
      startImmediately: true,
      dispatchData: { type: 'CHARGE', target: { components: { case: 'componentIds', value: { ids: [1n] } } } },
    });
    expect((await first).value).toMatchObject({ event: 1 });
    const end = events.next();
    end.catch(() => {});
    await served.stop();
    await expect(end).rejects.toMatchObject({ message: '[unavailable] the service is shutting down' });
  });

  it('is called by the names of the certificate only', async () => {
    await using served = await serve();
    const call = async (authority: string) => {
      const session = connectHttp2(served.webUrl, { ca: served.ca });
      try {
        const stream = session.request({
          ':method': 'POST',
          ':path': CHECK,
          ':authority': authority,
          'content-type': 'application/json',
        });
        stream.end('{}');
        const [headers] = await once(stream, 'response');
        return { status: headers[':status'], text: await text(stream) };
      } finally {
        session.close();
      }
    };
    expect(await call('localhost')).toEqual({ status: 200, text: '{"status":"SERVING"}' });
    expect(await call('127.0.0.1:1')).toMatchObject({ status: 200 });
    expect(await call('evil.example')).toMatchObject({ status: 403 });
  });

  it('uses a new certificate once the files have changed', async () => {
    const certificate = join(folder.path, 'current.crt');
    const key = join(folder.path, 'current.key');
    const use = (files: CertificateFiles) => {
      copyFileSync(files.certificate, certificate);
      copyFileSync(files.key, key);
    };
    use(service);
    await using served = await serve({ tls: { certificate, key } });
    const nameOf = async () => {
      const socket = connectTls({ port: served.port, host: 'localhost', ca: served.ca });
      await once(socket, 'secureConnect');
      const { subject } = socket.getPeerCertificate();
      socket.destroy();
      return subject.CN;
    };
    expect(await nameOf()).toBe('service');
    use(next);
    await served.reload();
    expect(await nameOf()).toBe('next');
  });

  it('asks for a certificate of its callers where an authority of theirs is given', async () => {
    const client = authority.issue('client');
    await using served = await serve({ tls: { ...service, clientCa: authority.certificate } });
    const call = async (options: object) => {
      const headers = { 'content-type': 'application/json' };
      const request = httpsRequest(served.webUrl + CHECK, { method: 'POST', ca: served.ca, headers, ...options });
      request.end('{}');
      const [response] = await once(request, 'response');
      return text(response);
    };
    const shown = { cert: readFileSync(client.certificate), key: readFileSync(client.key) };
    expect(await call(shown)).toBe('{"status":"SERVING"}');
    await expect(call({})).rejects.toThrow();
  });

  it('curbs a connection whose peer makes too many calls', async () => {
    await using served = await serve({ authKey: 'key' });
    const session = connectHttp2(served.webUrl, { ca: served.ca });
    session.on('error', () => {});
    await once(session, 'remoteSettings');
    expect(session.remoteSettings.maxConcurrentStreams).toBe(100);
    session.destroy();
  });

  it('refuses a request over HTTP/2 with a host header of another host', async () => {
    await using served = await serve();
    const session = connectHttp2(served.webUrl, { ca: served.ca });
    const statusOf = async (host: string) => {
      const stream = session.request({
        ':method': 'POST',
        ':path': CHECK,
        ':authority': `localhost:${served.port}`,
        host,
        'content-type': 'application/json',
      });
      stream.end('{}');
      const [headers] = await once(stream, 'response');
      stream.resume();
      return headers[':status'];
    };
    expect(await statusOf(`localhost:${served.port}`)).toBe(200);
    expect(await statusOf('evil.example')).toBe(400);
    session.close();
  });
});
