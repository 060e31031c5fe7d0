import { once } from 'node:events';
import { chmodSync, readdirSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCli } from '../support/runCli.js';
import { startCli } from '../support/startCli.js';
import { temporaryFolder } from '../support/temporaryFolder.js';

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder[Symbol.dispose]());

const inFolder = (name: string) => join(folder.path, name);
const write = (name: string, content: unknown) => {
  writeFileSync(inFolder(name), typeof content === 'string' ? content : JSON.stringify(content), { mode: 0o600 });
  return inFolder(name);
};

/** What `serve --check --json` prints: the settings by name, and the rest. */
async function checked(args: string[], env: Record<string, string> = {}) {
  const { code, stdout, stderr } = await runCli(['serve', '--check', '--json', ...args], env);
  if (stdout === '') return { code, stderr, settings: {}, checks: [] };
  const { settings, ...rest } = JSON.parse(stdout);
  const entries = settings.map(({ name, value, source }: Record<string, unknown>) => [name, { value, source }]);
  return { code, stderr, settings: Object.fromEntries(entries), ...rest };
}

describe('the settings of serve', () => {
  it('come from the command line, the environment and the configuration file, in this order', async () => {
    const config = write('config.json', {
      serve: {
        listen: '127.0.0.1:1',
        database: 'plant.db',
        keepChanges: '30 days',
        keepAudit: '60 days',
        limit: { callsPerSecond: 50, streams: 5 },
        insecure: false,
        webOrigin: ['https://a.example', 'https://b.example'],
        logLevel: 'warn',
      },
    });
    const env = {
      DISPATCH_CONFIG: config,
      DISPATCH_SERVE_LISTEN: '127.0.0.1:2',
      DISPATCH_SERVE_KEEP_AUDIT: '90d',
      DISPATCH_SERVE_DRAIN: '5s',
      DISPATCH_SERVE_WEB: '0',
    };
    const { code, settings } = await checked(['--listen', '127.0.0.1:0'], env);
    const dayMs = 24 * 3_600_000;
    expect(code).toBe(0);
    expect(settings).toEqual({
      listen: { value: '127.0.0.1:0', source: '--listen' },
      database: { value: inFolder('plant.db'), source: `${config}: serve.database` },
      keepChanges: { value: 30 * dayMs, source: `${config}: serve.keepChanges` },
      keepAudit: { value: 90 * dayMs, source: 'DISPATCH_SERVE_KEEP_AUDIT' },
      limit: { value: { callsPerSecond: 50, streams: 5 }, source: `${config}: serve.limit` },
      web: { value: '0', source: 'DISPATCH_SERVE_WEB' },
      webOrigin: { value: ['https://a.example', 'https://b.example'], source: `${config}: serve.webOrigin` },
      drain: { value: 5_000, source: 'DISPATCH_SERVE_DRAIN' },
      logLevel: { value: 'warn', source: `${config}: serve.logLevel` },
      access: { value: 'every caller', source: null },
    });
    // It made nothing.
    expect(readdirSync(folder.path)).toEqual(['config.json']);
  });

  it('take secrets from files', async () => {
    write('key', 'the-key\n');
    write('secret', 'the-secret\n');
    const config = write('config.json', {
      serve: { listen: '127.0.0.1:0', database: ':memory:', authKeyFile: 'key', signSecretFile: 'secret' },
    });
    await using serving = startCli(['serve', '--json', '--config', config]);
    const { listening } = JSON.parse(await serving.line());
    const list = ['list', '1', '--url', listening];
    expect((await runCli([...list, '--auth-key', 'the-key', '--sign-secret', 'the-secret'])).code).toBe(0);
    expect((await runCli([...list, '--auth-key', 'the-key'])).code).toBe(3);
    const address = write('address', 'postgres://dispatch:hunter2@127.0.0.1:1/plant');
    const { code, checks } = await checked(['--listen', '127.0.0.1:0'], { DISPATCH_SERVE_DATABASE_FILE: address });
    expect(code).toBe(1);
    expect(JSON.stringify(checks)).toContain('cannot use postgres://127.0.0.1:1/plant');
    expect(JSON.stringify(checks)).not.toContain('hunter2');
  });

  it.each([
    [{ DISPATCH_SERVE_LISTN: 'x' }, {}, 'DISPATCH_SERVE_LISTN is no option of serve'],
    [{ DISPATCH_SERVE_DRAIN: 'soon' }, {}, 'DISPATCH_SERVE_DRAIN: Could not parse the duration'],
    [{ DISPATCH_SERVE_INSECURE: 'perhaps' }, {}, 'DISPATCH_SERVE_INSECURE: It must be true or false.'],
    [{ DISPATCH_SERVE_LOG_LEVEL: 'loud' }, {}, 'DISPATCH_SERVE_LOG_LEVEL: Allowed choices are debug'],
    [{ DISPATCH_SERVE_LISTEN: 'nonsense' }, {}, "DISPATCH_SERVE_LISTEN: 'nonsense' is not HOST:PORT"],
    [{ DISPATCH_SERVE_WEB: 'x' }, {}, "DISPATCH_SERVE_WEB: 'x' is not HOST:PORT"],
    [{}, { serve: { metrics: 'x' } }, "serve.metrics: 'x' is not HOST:PORT"],
    [{}, { serve: { keepChanges: '0' } }, 'serve.keepChanges: must be at least a minute'],
    [{}, { serve: { limit: { calls: 'x' } } }, 'serve.limit.calls must be an integer above 0.'],
    [{}, { serve: { limit: { call: 1 } } }, 'serve.limit: call must be one of calls, '],
    [{}, { serve: { port: 1 } }, 'serve.port is no setting; there are listen, database'],
    [{}, { serve: { drain: [1] } }, 'serve.drain must be a text, a number'],
    [{}, { serve: { drain: ['1s', '2s'] } }, 'serve.drain: It must be one text.'],
    [
      { DISPATCH_SERVE_WEB: '0', DISPATCH_SERVE_WEB_ORIGIN: 'a,b' },
      {},
      "DISPATCH_SERVE_WEB_ORIGIN: 'a' is not an origin",
    ],
    [{}, { serve: { signSecretFile: 'config.json' } }, 'serve.signSecretFile needs a file of the key too.'],
    [{}, { serve: { authKeyFile: 'missing' } }, 'serve.authKeyFile: the file cannot be read'],
    [{}, { serve: 1 }, 'serve: must be an object'],
    [{}, { serve: { database: 'a.db', databaseFile: 'b' } }, 'serve.databaseFile cannot be used together with'],
    [{ DISPATCH_CONFIG: '/nope.json' }, {}, 'DISPATCH_CONFIG: there is no file /nope.json.'],
  ])('are refused by name: %j %j', async (env, config, message) => {
    const { code, stderr } = await checked([], { DISPATCH_CONFIG: write('config.json', config), ...env });
    expect(JSON.parse(stderr).error.message).toContain(message);
    expect(code).toBe(2);
  });

  it.each([
    [['--keep-changes', '0'], '--keep-changes: must be at least a minute'],
    [['--keep-audit', '0'], '--keep-audit: must be at least a minute'],
    [['--listen', 'x'], "--listen: 'x' is not HOST:PORT"],
    [['--metrics', 'x'], "--metrics: 'x' is not HOST:PORT"],
    [['--database-connections', 'reads=4'], '--database-connections: is for a database that begins with postgres://'],
    [
      ['--database', 'postgres://h/x', '--database-connections', 'reed=4'],
      '--database-connections: reed must be one of',
    ],
  ])('that are options are refused by their names: %j', async (args, message) => {
    const { code, stderr } = await checked(args);
    expect(JSON.parse(stderr).error.message).toContain(message);
    expect(code).toBe(2);
  });

  it('are named in what --check finds', async () => {
    const { code, checks } = await checked(['--listen', '127.0.0.1:0', '--tls-cert', '/nope', '--tls-key', '/nope']);
    expect(code).toBe(2);
    expect(checks[0].problem.message).toMatch(/^--tls-cert: \/nope cannot be read/);
  });
});

describe('serve --check', () => {
  it('tells a port that is taken, a file that cannot be used, and keys that are wrong', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const listen = ['--listen', `127.0.0.1:${port}`];
    const inUse = await runCli(['serve', '--check', '--database', inFolder('missing/plant.db'), ...listen]);
    taken.close();
    expect(inUse.code).toBe(1);
    expect(inUse.stdout).toContain(`listening on 127.0.0.1:${port}: the address is already in use\n`);
    expect(inUse.stdout).toMatch(/the database: cannot open .*plant\.db: there is no folder/);
    const other = await runCli([
      'serve',
      '--check',
      '--database',
      write('other.db', 'text'),
      '--listen',
      '127.0.0.1:0',
    ]);
    expect([other.code, other.stdout]).toEqual([1, expect.stringContaining('is not an SQLite database')]);
    const keys = write('keys.json', { keys: [{}] });
    const wrong = await runCli([
      'serve',
      '--check',
      '--keys',
      keys,
      '--database',
      ':memory:',
      '--listen',
      '127.0.0.1:0',
    ]);
    expect([wrong.code, wrong.stdout]).toEqual([2, expect.stringMatching(/^keys and certificates: .*keys\[0\]/m)]);
  });

  it('tells that others can read the keys', async () => {
    const keys = write('open.json', { keys: [{ name: 'a', key: 'k', microgrids: 'all' }] });
    const check = (...more: string[]) =>
      runCli(['serve', '--check', '--keys', keys, '--database', ':memory:', '--listen', '127.0.0.1:0', ...more]);
    chmodSync(keys, 0o600);
    expect((await check()).stdout).toContain('keys and certificates: possible\n');
    chmodSync(keys, 0o644);
    const { code, stdout } = await check();
    expect(code).toBe(0);
    expect(stdout).toContain(
      'keys and certificates: possible; warning: the file of API keys can be read by every user',
    );
    expect(JSON.parse((await check('--json')).stdout).checks[0].warnings).toEqual([
      expect.stringContaining('can be read by every user'),
    ]);
  });

  it('tells a file that another service uses, and disturbs neither', async () => {
    const serve = ['serve', '--listen', '127.0.0.1:0', '--database', inFolder('plant.db')];
    await using serving = startCli([...serve, '--json']);
    const { listening } = JSON.parse(await serving.line());
    expect((await runCli([...serve, '--check'])).stdout).toContain('is in use by another process');
    expect((await runCli(['create', '1', 'A', '1', 'in 1 hour', '--url', listening])).code).toBe(0);
    await serving.stop();
    const files = readdirSync(folder.path);
    const { code, stdout } = await runCli([...serve, '--check']);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^the database: possible$/m)]);
    expect(readdirSync(folder.path)).toEqual(files);
  });
});
