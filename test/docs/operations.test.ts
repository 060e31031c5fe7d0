import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { describeWith } from '../support/describeWith.js';
import { missingPostgres, startPostgres, type TestPostgres } from '../support/postgres.js';
import { missingProgram } from '../support/programs.js';
import { dispatchProgram } from '../support/startCli.js';
import { temporaryFolder } from '../support/temporaryFolder.js';

// Some twenty commands, each a process of its own.
vi.setConfig({ testTimeout: 300_000 });

/** What waits for something that does not come is ended, and then told. */
const LIMIT_MS = 240_000;

const page = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');
const blocks = [...page.matchAll(/^```sh run\n(.*?)^```$/gms)].map(([, block = '']) => block);
const missing = missingPostgres() ?? missingProgram('bash', 'openssl', 'curl', 'sqlite3', 'pg_dump', 'pg_restore');

describeWith(missing, 'the commands of docs/operations.md', () => {
  let postgres: TestPostgres;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres[Symbol.asyncDispose]());

  it('do what it says, one after the other', async () => {
    using folder = temporaryFolder();
    const path = [commandFolder(folder.path), process.env.PATH].join(delimiter);
    const env = { PATH: path, DATABASE: await postgres.createDatabase(), RESTORED: await postgres.createDatabase() };
    const outputs = await runBlocks(await withFreePorts(blocks), folder.path, env);
    const output = (command: string) => outputs[blocks.findIndex(block => block.includes(command))] ?? '';

    expect(output('dispatch serve')).toMatch(/^SERVING grpc:\/\/localhost:\d+\S+$/m);
    const notifications = jsonLines(output('cat notifications.jsonl'));
    expect(notifications).toMatchObject([
      { notification: 'running.started', id: 1, type: 'CHARGE' },
      { notification: 'running.stopped', id: 1, type: 'CHARGE' },
    ]);
    expect(jsonLines(output('curl'))).toMatchObject([{ key: 'planner', status: 'OK', microgrid: 1, dispatch: 1 }]);
    expect(output('curl')).toContain(
      'dispatch_calls_total{method="CreateMicrogridDispatch",status="OK",key="planner"} 1',
    );
    expect(
      jsonLines(output('pg_restore'))
        .map(({ id }) => id)
        .sort(),
    ).toEqual([1, 2]);
    expect(jsonLines(output('VACUUM')).map(({ id }) => id)).toEqual([1]);
    for (const log of ['one.log', 'two.log', 'site.log', 'plant.log']) {
      const text = readFileSync(join(folder.path, log), 'utf8');
      expect(text).not.toMatch(/"level":"(warn|error)"/);
      for (const secret of secretsIn(folder.path)) expect(text).not.toContain(secret);
    }
  });
});

/** The command as its users have it: a program named `dispatch`. */
function commandFolder(folder: string): string {
  const path = join(folder, 'dispatch');
  writeFileSync(path, `#!/bin/sh\nexec '${process.execPath}' '${dispatchProgram}' "$@"\n`);
  chmodSync(path, 0o755);
  return folder;
}

/** The commands with ports that nobody has in place of those that the page names. */
async function withFreePorts(commands: readonly string[]): Promise<string[]> {
  const ports = new Map<string, number>();
  const servers = [];
  for (const port of new Set(commands.join('').match(/\b(50051|50052|9464)\b/g))) {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    servers.push(server);
    ports.set(port, (server.address() as AddressInfo).port);
  }
  for (const server of servers) {
    server.close();
    await once(server, 'close');
  }
  return commands.map(command => command.replace(/\b(50051|50052|9464)\b/g, port => `${ports.get(port)}`));
}

/** Runs blocks of commands in one shell, which ends with the first command that fails. Returns what each block printed. */
async function runBlocks(
  commands: readonly string[],
  folder: string,
  variables: Record<string, string>,
): Promise<string[]> {
  const MARK = '--- next block ---';
  const script = ['set -euo pipefail', ...commands.map(block => `echo '${MARK}'\n${block}`)].join('\n');
  const env = { HOME: folder, NO_COLOR: '1', ...variables };
  // A group of its own, so that what it leaves behind can be ended with it.
  const child = spawn('bash', ['-c', script], { cwd: folder, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const killAll = () => {
    if (child.pid !== undefined) killGroup(child.pid);
  };
  process.once('exit', killAll);
  const late = setTimeout(killAll, LIMIT_MS);
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', data => {
    stdout += data;
  });
  child.stderr.on('data', data => {
    stderr += data;
  });
  const [code] = await once(child, 'exit');
  clearTimeout(late);
  killAll();
  process.off('exit', killAll);
  if (code !== 0) throw new Error(`the commands ended with ${code}:\n${stdout}\n${stderr}\n${logsIn(folder)}`);
  return stdout.split(`${MARK}\n`).slice(1);
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    // Nothing is left of it.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function logsIn(folder: string): string {
  const logs = readdirSync(folder).filter(name => /\.(log|jsonl)$/.test(name));
  return logs.map(name => `${name}:\n${readFileSync(join(folder, name), 'utf8')}`).join('\n');
}

function jsonLines(text: string): Record<string, unknown>[] {
  const lines = text.split('\n').filter(line => line.startsWith('{'));
  return lines.map(line => JSON.parse(line));
}

function secretsIn(folder: string): string[] {
  const { keys } = JSON.parse(readFileSync(join(folder, 'keys.json'), 'utf8')) as {
    keys: { readonly key: string; readonly secret: string }[];
  };
  return keys.flatMap(({ key, secret }) => [key, secret]);
}
