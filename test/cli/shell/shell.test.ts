import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runWithin } from '../../../src/cli/commandSignal.js';
import { completionSources } from '../../../src/cli/shell/completionSources.js';
import { startTestService, type TestService } from '../../../src/testing/startTestService.js';
import { deferred } from '../../support/deferred.js';
import { describeWith } from '../../support/describeWith.js';
import { runCli } from '../../support/runCli.js';
import { dispatchProgram } from '../../support/startCli.js';
import { missingTerminal, startTerminal } from '../../support/startTerminal.js';
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

it('completes the ids of groups', async () => {
  const rule = ['-f', 'daily', '--by-hour', '8', '--time-zone', 'Europe/Berlin', '--until', '2031-11-30'];
  const created = await runCli([
    'create',
    '5',
    'CHARGE',
    '1',
    '2031-10-20',
    '1h',
    ...rule,
    '--json',
    '--url',
    service.address,
  ]);
  const { group } = JSON.parse(created.stdout.split('\n')[0] ?? '');
  using sources = completionSources({ url: service.address });
  expect(await sources.ids(5)).toContain(group.id);
});

it('tells that exit takes no arguments', async () => {
  const shell = start(process.execPath, [dispatchProgram, 'shell']);
  shell.type('exit 3\n');
  shell.end();
  expect(await shell.ended).toBe(2);
  expect(shell.texts.stderr).toContain('error: exit takes no arguments\n');
});

describeWith(missingTerminal(), 'the shell in a terminal', () => {
  /** Starts the shell, with the history in the folder, and waits for its prompt. */
  async function startShell(options: readonly string[] = [], env: Record<string, string> = { NO_COLOR: '1' }) {
    const words = [process.execPath, dispatchProgram, 'shell', '--url', service.address, ...options];
    const shell = startTerminal(words, { env: { XDG_DATA_HOME: folder.path, XDG_CONFIG_HOME: folder.path, ...env } });
    await shell.shows('dispatch> ');
    return shell;
  }

  it('completes, goes on after Ctrl-C, shows exit codes, and keeps its lines without secrets', async () => {
    await using shell = await startShell();
    for (const text of ['li', '\t']) shell.type(text);
    await shell.shows('list ');
    shell.type('1 --type C');
    await shell.shows('--type C');
    shell.type('\t');
    await shell.shows('HARGE ');
    shell.type('\r');
    await shell.shows('1 dispatch, 0 filtered out.');
    await shell.shows('dispatch> ');
    shell.type('get 1 999\r');
    await shell.shows('NOT_FOUND');
    await shell.shows('dispatch [1]> ');
    shell.type('list 1 --auth-key hunter2');
    shell.type('\x03');
    await shell.shows('^C\ndispatch [1]> ');
    shell.type('list 1 --auth-key hunter2\rlist 2\r');
    await shell.shows('0 dispatches, 0 filtered out.');
    await shell.shows('dispatch> ');
    shell.type('exit\r');
    expect(await shell.ended).toBe(0);
    const history = readFileSync(join(folder.path, 'xstate-dispatch/shell-history'), 'utf8');
    expect(history).toBe('list 1 --type CHARGE \nget 1 999\nlist 2\nexit\n');

    await using next = await startShell();
    // The line before the last one: the up arrow, twice.
    next.type('\x1b[A\x1b[A');
    await next.shows('list 2');
    next.type('\r');
    await next.shows('0 dispatches, 0 filtered out.');
    await next.shows('dispatch> ');
    next.type('\x04');
    expect(await next.ended).toBe(0);
  });

  it('reads quoted words, and completes what needs quotes', async () => {
    await using shell = await startShell(['--json']);
    const typeOf = async () => JSON.parse(/\{"id".*/.exec(await shell.shows(/\{"id".*\n/))?.[0] ?? '').type;
    shell.type(`create 7 'a type' 1 "in 2 hours" 1h\r`);
    expect(await typeOf()).toBe('a type');
    for (const beginning of ["'a t", '"a t', 'a\\ t']) {
      await shell.shows('dispatch> ');
      shell.type(`list 7 --type ${beginning}`);
      await shell.shows(beginning);
      shell.type('\t');
      await shell.shows('ype');
      shell.type('\r');
      expect(await typeOf(), beginning).toBe('a type');
    }
    await shell.shows('dispatch> ');
    shell.type("list 7 --type 'a type\r");
    await shell.shows("A quote is not closed: '");
    await shell.shows('dispatch [2]> ');
  });

  it('prints one command without colours, and goes on in colours', async () => {
    await using shell = await startShell([], { NO_COLOR: '' });
    const printed = async (line: string) => {
      const from = shell.raw().length;
      shell.type(`${line}\r`);
      await shell.shows('filtered out.');
      await shell.shows('dispatch> ');
      return shell.raw().slice(from).split('filtered out.')[0] ?? '';
    };
    expect(await printed('list 1')).toContain('\x1b[2m');
    expect(await printed('list 1 --no-color')).not.toContain('\x1b[2m');
    expect(await printed('list 1')).toContain('\x1b[2m');
    shell.type('get 1 999 --no-color\r');
    await shell.shows('dispatch [1]> ');
    expect(shell.raw()).toContain('dispatch \x1b[31m[1]');

    await using without = await startShell(['--no-color'], { NO_COLOR: '' });
    without.type('list 1\rget 1 999\r');
    await without.shows('dispatch [1]> ');
    for (const colour of [1, 2, 31, 36]) expect(without.raw()).not.toContain(`\x1b[${colour}m`);
  });

  it('goes on after each command that Ctrl-C ends, also when it is typed twice', async () => {
    await using shell = await startShell();
    const store = join(folder.path, 'followed.db');
    for (const [line, running, keys, code] of [
      ['watch 1', 'watching microgrid 1', '\x03', 0],
      ['follow 1 --exec true', 'following microgrid 1', '\x03', 0],
      [`follow 1 --store ${store} --run true`, 'following microgrid 1', '\x03\x03', 0],
      [`history --store ${store} --follow`, '', '\x03', 0],
      ['serve --listen 127.0.0.1:0 --database :memory:', 'listening on', '\x03', 0],
      ['health --url grpc://127.0.0.1:1?ssl=false --wait 1h', '', '\x03', 130],
      ['demo', 'A dispatch service listens', '\x03', 130],
    ] as const) {
      shell.type(`${line}\r`);
      await shell.shows(`${line}\n`);
      await shell.shows(running);
      shell.type(keys);
      await shell.shows(code === 0 ? 'dispatch> ' : `dispatch [${code}]> `);
    }
    shell.type('list 1\r');
    await shell.shows('1 dispatch, 0 filtered out.');
  });

  it('takes Ctrl-D for its end only on an empty line, and what is typed ahead for lines', async () => {
    await using shell = await startShell();
    shell.type('list 2\x04');
    shell.type('2\r');
    shell.type('list 1\r');
    await shell.shows('list 22\n');
    await shell.shows('0 dispatches, 0 filtered out.');
    await shell.shows('1 dispatch, 0 filtered out.');
    await shell.shows('dispatch> ');
    shell.type('\x04');
    expect(await shell.ended).toBe(0);
  });
});
