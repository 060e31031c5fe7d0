import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runWithin } from '../../../src/cli/commandSignal.js';
import { startTestService, type TestService } from '../../../src/testing/startTestService.js';
import { deferred } from '../../support/deferred.js';
import { describeWith } from '../../support/describeWith.js';
import { runCli } from '../../support/runCli.js';
import { dispatchProgram } from '../../support/startCli.js';
import { temporaryFolder } from '../../support/temporaryFolder.js';

let service: TestService;
let folder: ReturnType<typeof temporaryFolder>;
beforeAll(async () => {
  service = await startTestService();
  folder = temporaryFolder();
  const microgrid = service.client.forMicrogrid(1);
  const startTime = new Date(Date.now() + 3_600_000);
  await microgrid.create({ type: 'CHARGE', startTime, durationMs: 60_000, selector: { ids: [1] } });
});
afterAll(async () => {
  await service?.stop();
  folder?.[Symbol.dispose]();
});

const environment = () => ({
  PATH: process.env.PATH,
  TERM: 'xterm',
  NO_COLOR: '1',
  XDG_DATA_HOME: folder.path,
  XDG_CONFIG_HOME: folder.path,
});

/** Starts a program; returns what it prints, and ways to wait for that and to type. */
function start(command: string, args: string[]) {
  const child = spawn(command, args, { env: environment(), stdio: 'pipe' });
  const texts = { stdout: '', stderr: '' };
  let look = () => {};
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].on('data', chunk => {
      texts[name] += chunk;
      look();
    });
  }
  const ended = once(child, 'close').then(([code]) => code as number);
  let seen = 0;
  return {
    texts,
    ended,
    type: (text: string) => void child.stdin.write(text),
    end: () => void child.stdin.end(),
    /** Waits for a text after those that were waited for before. */
    until: (text: string) =>
      new Promise<void>(resolve => {
        look = () => {
          const at = texts.stdout.indexOf(text, seen);
          if (at < 0) return;
          seen = at + text.length;
          resolve();
        };
        look();
      }),
  };
}

describe('commands that are piped to the shell', () => {
  it('are run one after the other with its global options, and failures are told', async () => {
    const shell = start(process.execPath, [dispatchProgram, 'shell', '--url', service.address, '--json']);
    shell.type('# a comment\n\nlist 1\ndispatch get 1 "999"\nget 1 \'1\nshell\nlist 1 --type NONE\nexit\nlist 1\n');
    shell.end();
    expect(await shell.ended).toBe(1);
    expect(
      shell.texts.stdout
        .trim()
        .split('\n')
        .map(line => JSON.parse(line)),
    ).toMatchObject([{ type: 'CHARGE' }]);
    const errors = shell.texts.stderr.trim().split('\n');
    expect(errors).toEqual([
      expect.stringContaining('"code":"NOT_FOUND"'),
      'line 4: exit code 1',
      "error: A quote is not closed: '",
      'line 5: exit code 2',
      expect.stringContaining('This is a shell already.'),
      'line 6: exit code 2',
    ]);
  });
});

it('a command that waits for a service ends when it is interrupted', async () => {
  const connected = deferred();
  const sockets: Socket[] = [];
  const silent = createServer(socket => {
    sockets.push(socket);
    connected.resolve();
  }).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const { port } = silent.address() as AddressInfo;
  const interrupted = new AbortController();
  void connected.promise.then(() => interrupted.abort());
  const list = ['list', '1', '--url', `grpc://127.0.0.1:${port}?ssl=false`];
  const result = await runWithin(interrupted.signal, () => runCli(list));
  expect(result).toEqual({ code: 130, stdout: '', stderr: 'interrupted\n' });
  for (const socket of sockets) socket.destroy();
  silent.close();
});

const missing = (() => {
  try {
    execFileSync('script', ['--version'], { stdio: 'ignore' });
    return null;
  } catch {
    return 'needs the program script';
  }
})();

describeWith(missing, 'the shell in a terminal', () => {
  it('completes, goes on after Ctrl-C, shows exit codes, and keeps its lines without secrets', async () => {
    const line = `exec '${process.execPath}' '${dispatchProgram}' shell --url '${service.address}'`;
    const shell = start('script', ['-qefc', line, '/dev/null']);
    await shell.until('dispatch> ');
    for (const text of ['li', '\t']) shell.type(text);
    await shell.until('list ');
    shell.type('1 --type C');
    await shell.until('--type C');
    shell.type('\t');
    await shell.until('HARGE ');
    shell.type('\r');
    await shell.until('1 dispatches, 0 filtered out.');
    await shell.until('dispatch> ');
    shell.type('get 1 999\r');
    await shell.until('NOT_FOUND');
    await shell.until('dispatch [1]> ');
    shell.type('watch 1\r');
    await shell.until('watching microgrid 1');
    shell.type('\x03');
    await shell.until('dispatch> ');
    shell.type('list 1 --auth-key hunter2');
    shell.type('\x03');
    await shell.until('dispatch> ');
    shell.type('list 1 --auth-key hunter2\rlist 2\r');
    await shell.until('0 dispatches, 0 filtered out.');
    await shell.until('dispatch> ');
    // The line before: the up arrow.
    shell.type('\x1b[A');
    await shell.until('list 2');
    shell.type('\x03');
    await shell.until('dispatch> ');
    shell.type('exit\r');
    expect(await shell.ended).toBe(0);
    const history = readFileSync(join(folder.path, 'xstate-dispatch/shell-history'), 'utf8');
    expect(history).toBe('list 1 --type CHARGE \nget 1 999\nwatch 1\nlist 2\nexit\n');
  });
});
