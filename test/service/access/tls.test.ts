import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { ChannelCredentials } from '@grpc/grpc-js';
import { createChannel, createClient } from 'nice-grpc';
import { Status } from 'nice-grpc-common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MicrogridDispatchServiceDefinition } from '../../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { DispatchClient } from '../../../src/client/dispatchClient.js';
import { startDispatchService } from '../../../src/service/index.js';
import {
  type CertificateAuthority,
  type CertificateFiles,
  certificateAuthority,
  missingOpenssl,
} from '../../support/certificates.js';
import { describeWith } from '../../support/describeWith.js';
import { keptLog } from '../../support/keptLog.js';
import { created, openStream, rawClient } from '../../support/rawService.js';
import { temporaryFolder } from '../../support/temporaryFolder.js';

describeWith(missingOpenssl(), 'a service with certificates', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let authority: CertificateAuthority;
  let stranger: CertificateAuthority;
  let service: CertificateFiles;
  let next: CertificateFiles;
  let client: CertificateFiles;
  let strangeClient: CertificateFiles;
  beforeAll(() => {
    folder = temporaryFolder();
    authority = certificateAuthority(folder.path, 'authority');
    stranger = certificateAuthority(folder.path, 'stranger');
    service = authority.issue('service');
    next = authority.issue('next');
    client = authority.issue('client');
    strangeClient = stranger.issue('strange-client');
  });
  afterAll(() => folder[Symbol.dispose]());

  /** A client over TLS, which trusts the authority unless it is told another, and shows a certificate if it has one. */
  function tlsClient(
    port: number,
    { trusts = authority, shows }: { trusts?: CertificateAuthority; shows?: CertificateFiles } = {},
  ) {
    const read = (path: string | undefined) => (path === undefined ? null : readFileSync(path));
    const credentials = ChannelCredentials.createSsl(
      read(trusts.certificate),
      read(shows?.key),
      read(shows?.certificate),
    );
    const channel = createChannel(`localhost:${port}`, credentials);
    const raw = createClient(MicrogridDispatchServiceDefinition, channel);
    return {
      raw,
      list: () => raw.listMicrogridDispatches({ microgridId: 1n }),
      [Symbol.dispose]: () => channel.close(),
    };
  }

  async function start(tls: Parameters<typeof startDispatchService>[0]) {
    const log = keptLog();
    const started = await startDispatchService({ listen: 'localhost:0', logger: log.logger, ...tls });
    return { ...started, log, [Symbol.asyncDispose]: started.stop };
  }

  /** The serial number of the certificate that a new connection is shown. */
  function shownCertificate(port: number): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = connect(
        { port, host: 'localhost', ca: readFileSync(authority.certificate), ALPNProtocols: ['h2'] },
        () => {
          resolve(socket.getPeerCertificate().subject.CN as string);
          socket.destroy();
        },
      );
      socket.on('error', reject);
    });
  }

  describe('TLS', () => {
    it('serves clients that trust its certificate, at an address that says so', async () => {
      await using served = await start({ tls: service });
      expect(served.address).toBe(`grpc://localhost:${served.port}`);
      await using ours = new DispatchClient({
        address: `${served.address}?ssl_root_certificates_path=${authority.certificate}`,
      });
      for await (const dispatch of ours.list({ microgridId: 1 })) throw new Error(`there is dispatch ${dispatch.id}`);
    });

    it('is refused by clients that do not trust its certificate, and refuses plain text', async () => {
      await using served = await start({ tls: service });
      using distrustful = tlsClient(served.port, { trusts: stranger });
      await expect(distrustful.list()).rejects.toMatchObject({ code: Status.UNAVAILABLE });
      const plain = rawClient(served);
      await expect(plain.client.listMicrogridDispatches({ microgridId: 1n })).rejects.toMatchObject({
        code: Status.UNAVAILABLE,
      });
      plain.channel.close();
    });

    it('is of version 1.2 at least', async () => {
      await using served = await start({ tls: service });
      const version = (maxVersion: 'TLSv1.1' | 'TLSv1.2') =>
        new Promise<string | null>((resolve, reject) => {
          // OpenSSL does not even offer version 1.1 above security level 0.
          const socket = connect(
            {
              port: served.port,
              host: 'localhost',
              rejectUnauthorized: false,
              minVersion: 'TLSv1',
              maxVersion,
              ciphers: 'DEFAULT@SECLEVEL=0',
            },
            () => {
              resolve(socket.getProtocol());
              socket.destroy();
            },
          );
          socket.on('error', reject);
        });
      expect(await version('TLSv1.2')).toBe('TLSv1.2');
      await expect(version('TLSv1.1')).rejects.toThrow(/protocol version/i);
    });

    it('of both sides lets only clients in that show a certificate which its authority vouches for', async () => {
      await using served = await start({ tls: { ...service, clientCa: authority.certificate } });
      using known = tlsClient(served.port, { shows: client });
      expect((await known.list()).dispatches).toEqual([]);
      for (const shows of [undefined, strangeClient]) {
        using refused = tlsClient(served.port, { ...(shows && { shows }) });
        await expect(refused.list()).rejects.toMatchObject({ code: Status.UNAVAILABLE });
      }
    });

    it.each([
      ['certificate', () => ({ ...service, certificate: 'none' }), 'cannot be read: ENOENT'],
      ['certificate', () => ({ ...service, certificate: 'src' }), 'src cannot be read: EISDIR'],
      ['key', () => ({ ...service, key: 'src' }), 'src cannot be read: EISDIR'],
      ['clientCa', () => ({ ...service, clientCa: 'src' }), 'src cannot be read: EISDIR'],
      ['key', () => ({ ...service, key: 'none' }), 'cannot be read: ENOENT'],
      ['clientCa', () => ({ ...service, clientCa: 'none' }), 'cannot be read: ENOENT'],
      ['certificate', () => ({ ...service, certificate: service.key }), 'contains no certificate in PEM format'],
      [
        'key',
        () => ({ ...service, key: service.certificate }),
        'contains no private key in PEM format without a passphrase',
      ],
      ['clientCa', () => ({ ...service, clientCa: service.key }), 'contains no certificate in PEM format'],
      ['key', () => ({ ...service, key: client.key }), 'does not match '],
    ])('refuses to start when %s is wrong', async (option, tls, problem) => {
      await expect(startDispatchService({ tls: tls() })).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        field: `tls.${option}`,
        message: expect.stringContaining(problem),
      });
    });
  });

  describe('certificates that change', () => {
    /** Files that can be replaced. */
    function pair(name: string): CertificateFiles & { take(files: CertificateFiles): void } {
      const files = { certificate: join(folder.path, `${name}.pem`), key: join(folder.path, `${name}-key.pem`) };
      return {
        ...files,
        take(from) {
          copyFileSync(from.certificate, files.certificate);
          copyFileSync(from.key, files.key);
        },
      };
    }

    it('are shown to new connections, and leave the others', async () => {
      const files = pair('renewed');
      files.take(service);
      await using served = await start({ tls: files });
      using before = tlsClient(served.port);
      await using stream = await openStream(before.raw);
      expect(await shownCertificate(served.port)).toBe('service');
      files.take(next);
      await served.reload();
      expect(await shownCertificate(served.port)).toBe('next');
      await created(before.raw);
      expect((await stream.next()).event).toBe(1);
      expect(served.log.messages('info')).toContain('the certificates of the service were reloaded');
    });

    it('are not taken when they are no pair, which is logged', async () => {
      const files = pair('mixed');
      files.take(service);
      await using served = await start({ tls: files });
      files.take({ certificate: next.certificate, key: service.key });
      await served.reload();
      expect(await shownCertificate(served.port)).toBe('service');
      expect(served.log.entries).toContainEqual({
        level: 'error',
        message: 'the certificates of the service cannot be reloaded; the previous ones stay in force',
        fields: {
          err: expect.objectContaining({ message: expect.stringContaining('does not match') }),
          paths: [files.certificate, files.key],
        },
      });
      files.take(next);
      await served.reload();
      expect(await shownCertificate(served.port)).toBe('next');
    });

    it('of authorities count for new clients', async () => {
      const clientCa = join(folder.path, 'clients.pem');
      copyFileSync(authority.certificate, clientCa);
      await using served = await start({ tls: { ...service, clientCa } });
      writeFileSync(clientCa, readFileSync(stranger.certificate));
      await served.reload();
      using known = tlsClient(served.port, { shows: client });
      await expect(known.list()).rejects.toMatchObject({ code: Status.UNAVAILABLE });
      using strange = tlsClient(served.port, { shows: strangeClient });
      expect((await strange.list()).dispatches).toEqual([]);
    });
  });
});
