import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { describeWith } from '../support/describeWith.js';
import { missingProgram } from '../support/programs.js';
import { runCli } from '../support/runCli.js';
import { startCli } from '../support/startCli.js';
import { temporaryFolder } from '../support/temporaryFolder.js';

// Every command is a process of its own, and a busy machine takes seconds to start one.
vi.setConfig({ testTimeout: 120_000 });

const read = (file: string) => readFileSync(new URL(`../../examples/deploy/${file}`, import.meta.url), 'utf8');
const unit = read('dispatch.service');
const containerFile = read('Containerfile');

/** What the unit starts, and what the container does: the arguments of `dispatch`. */
const commands = {
  unit: (/^ExecStart=\/usr\/bin\/dispatch ((?:.*\\\n)*.*)$/m.exec(unit)?.[1] ?? '').split(/[\s\\]+/),
  container: JSON.parse(
    /^CMD (\[(?:.*\\\n)*.*\])$/m.exec(containerFile)?.[1]?.replaceAll('\\\n', '') ?? '[]',
  ) as string[],
};

/** The files that they name, in a folder, and ports that are free. */
function placed(args: readonly string[], folder: string): string[] {
  return args.map(arg =>
    arg
      .replace(/^(%S\/dispatch|%d|\/etc\/dispatch|\/var\/lib\/dispatch)\//, `${folder}/`)
      .replace(/^(?:0\.0\.0\.0:)?(50051|9464)$/, '127.0.0.1:0'),
  );
}

describeWith(missingProgram('openssl'), 'examples/deploy', () => {
  it.each(Object.entries(commands))('the command of the %s serves over TLS, with keys and metrics', async (_, args) => {
    using folder = temporaryFolder();
    const file = (name: string) => join(folder.path, name);
    const keys = [{ name: 'a', key: 'the-key', secret: 'the-secret', microgrids: 'all' }];
    writeFileSync(file('keys.json'), JSON.stringify({ keys }), { mode: 0o600 });
    execFileSync(
      'openssl',
      [
        ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
        ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'],
        ...['-keyout', file('service.key'), '-out', file('service.crt')],
      ],
      { stdio: 'pipe' },
    );
    await using open = startCli([...placed(args, folder.path), '--json']);
    const { port, database, metrics } = JSON.parse(await open.line());
    expect(database).toBe(file('dispatches.db'));
    expect((await fetch(metrics)).status).toBe(200);
    const url = `grpc://localhost:${port}?ssl_root_certificates_path=${file('service.crt')}`;
    expect(await runCli(['health', '--url', url])).toMatchObject({ code: 0 });
    const refused = await runCli(['list', '1', '--url', url]);
    expect(refused.stderr).toContain('UNAUTHENTICATED');
    const { code, stderr } = await open.stop();
    expect(code).toBe(0);
    expect(stderr).not.toMatch(/"level":"error"|readable|accepted/);
  });
});

describeWith(missingProgram('systemd-analyze'), 'the units of examples/deploy', () => {
  it.each(['dispatch.service', 'dispatcher.service'])('%s is a unit as systemd wants it, and exposes little', name => {
    using folder = temporaryFolder();
    const file = join(folder.path, name);
    // systemd looks whether the command is there.
    writeFileSync(file, read(name).replace('/usr/bin/dispatch ', '/usr/bin/env '));
    const verified = spawnSync('systemd-analyze', ['verify', file], { encoding: 'utf8' });
    expect({ status: verified.status, text: verified.stderr }).toEqual({ status: 0, text: '' });
    const security = spawnSync('systemd-analyze', ['security', '--offline=true', '--threshold=20', file]);
    expect(security.status).toBe(0);
  });
});
