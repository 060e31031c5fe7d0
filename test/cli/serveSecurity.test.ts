import { chmodSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import { certificateAuthority, missingOpenssl } from '../support/certificates.js';
import { describeWith } from '../support/describeWith.js';
import { keysFile } from '../support/keysFile.js';
import { runCli } from '../support/runCli.js';
import { startCli } from '../support/startCli.js';

// Every command is a process of its own, and a busy machine takes seconds to start one.
vi.setConfig({ testTimeout: 120_000 });

const partner = { name: 'partner', key: 'key-of-the-partner', secret: 'secret-of-the-partner', microgrids: [1] };
const other = { name: 'other', key: 'key-of-the-other', secret: 'secret-of-the-other', microgrids: 'all' } as const;

describeWith(missingOpenssl(), 'serve with certificates', () => {
  it('serves the keys of a file over TLS of both sides, and reads them again on SIGHUP', async () => {
    using file = keysFile([partner]);
    const authority = certificateAuthority(file.folder, 'authority');
    const service = authority.issue('service');
    const client = authority.issue('client');
    const tls = ['--tls-cert', service.certificate, '--tls-key', service.key, '--tls-client-ca', authority.certificate];
    await using serve = startCli([
      ...['serve', '--listen', '127.0.0.1:0', '--database', ':memory:', '--keys', file.path, '--json'],
      ...tls,
    ]);
    const { listening, port } = JSON.parse(await serve.line());
    expect(listening).toBe(`grpc://127.0.0.1:${port}`);
    const url = new URL(`grpc://localhost:${port}`);
    url.searchParams.set('ssl_root_certificates_path', authority.certificate);
    const stranger = { DISPATCH_API_URL: url.href };
    url.searchParams.set('ssl_certificate_chain_path', client.certificate);
    url.searchParams.set('ssl_private_key_path', client.key);
    const list = (
      microgrid: string,
      { key, secret }: { key: string; secret: string },
      env = { DISPATCH_API_URL: url.href },
    ) => runCli(['list', microgrid], { ...env, DISPATCH_API_AUTH_KEY: key, DISPATCH_API_SIGN_SECRET: secret });

    expect((await list('1', partner)).code).toBe(0);
    expect((await list('2', partner)).stderr).toContain('the API key has no access to microgrid 2');
    expect((await list('1', partner, stranger)).code).toBe(4);
    file.replace([other]);
    serve.kill('SIGHUP');
    await expect.poll(async () => (await list('2', other)).code).toBe(0);
    expect((await list('1', partner)).stderr).toContain('the API key is not accepted');

    const { code, stdout, stderr } = await serve.stop();
    expect(code).toBe(0);
    for (const secret of [partner.key, partner.secret, other.key, other.secret])
      expect(stdout + stderr).not.toContain(secret);
  });
});

describe('serve', () => {
  it('warns of a file of keys that everybody can read, and refuses one that is wrong', async () => {
    using file = keysFile([partner]);
    chmodSync(file.path, 0o644);
    const args = ['serve', '--listen', '127.0.0.1:0', '--database', ':memory:', '--keys', file.path];
    await using serve = startCli(args);
    expect(await serve.line('stderr')).toContain('the file of API keys can be read by every user of this machine');
    file.replace([{ ...partner, microgrids: ['1'] as never }]);
    const { code, stderr } = await runCli(args);
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: `error: --keys: ${file.path}: keys[0].microgrids: must be "all" or a list of microgrid ids\n`,
    });
  });

  it.each([
    [['--listen', '0.0.0.0:0'], 'needs API keys (--keys) and TLS (--tls-cert and --tls-key), or --insecure'],
    [['--tls-cert', 'service.crt'], 'TLS needs both --tls-cert and --tls-key'],
    [['--limit', 'calls'], 'It must be NAME=NUMBER'],
    [['--limit', 'call=5'], '--limit: call must be one of calls, '],
  ])('refuses %j', async (args, message) => {
    const { code, stderr } = await runCli(['serve', '--database', ':memory:', ...args]);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });

  it('listens beyond this machine with --insecure, and says whom it accepts', async () => {
    await using serve = startCli(['serve', '--listen', '0.0.0.0:0', '--database', ':memory:', '--insecure']);
    expect(await serve.line()).toMatch(/^listening on grpc:\/\/0\.0\.0\.0:\d+\?ssl=false$/);
    expect((await serve.stop()).stderr).toContain('every caller is accepted');
  });
});
