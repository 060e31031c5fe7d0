import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { DispatchClient } from '../../src/client/dispatchClient.js';
import { type DispatchService, startDispatchService } from '../../src/service/startDispatchService.js';
import { compiledModule } from '../support/compiled.js';
import { dispatchProgram } from '../support/startCli.js';
import { temporaryFolder } from '../support/temporaryFolder.js';

let service: DispatchService;
let client: DispatchClient;

beforeAll(async () => {
  service = await startDispatchService();
  client = new DispatchClient({ address: service.address });
});

afterAll(async () => {
  client.close();
  await service.stop();
});

/** Starts the command with streams on a device that is always full. */
function startFull(args: string[], full: 'stdout' | 'stderr') {
  return startNodeFull([dispatchProgram, ...args], full);
}

function startNodeFull(args: string[], full: 'stdout' | 'stderr') {
  const device = openSync('/dev/full', 'w');
  const stdio = (name: 'stdout' | 'stderr') => (name === full ? device : ('pipe' as const));
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', stdio('stdout'), stdio('stderr')],
  });
  closeSync(device);
  let text = '';
  (child.stderr ?? child.stdout)?.on('data', data => {
    text += data;
  });
  const ended = once(child, 'close').then(([code]) => code as number | null);
  return { child, ended, text: () => text };
}

const create = (microgridId: number) =>
  client.create({ microgridId, type: 'A', startTime: 'NOW', durationMs: null, selector: { ids: [1] } });

describe.runIf(process.platform === 'linux').concurrent('an output that cannot be written', () => {
  it.each(['stdout', 'stderr'] as const)('does not end follow --exec when it is %s', async full => {
    using folder = temporaryFolder();
    const log = join(folder.path, 'log');
    const microgridId = full === 'stdout' ? 1 : 2;
    const { id } = await create(microgridId);
    const exec = `echo "$DISPATCH_NOTIFICATION" >> ${log}`;
    const args = [
      'follow',
      `${microgridId}`,
      '--exec',
      exec,
      '--url',
      service.address,
      '--store',
      join(folder.path, 's.db'),
    ];
    const { child, ended, text } = startFull(args, full);
    const logged = () => {
      try {
        return readFileSync(log, 'utf8');
      } catch {
        return '';
      }
    };
    await vi.waitFor(() => expect(logged()).toBe('running.started\n'), { timeout: 30_000 });
    await client.delete({ microgridId, id });
    await vi.waitFor(() => expect(logged()).toBe('running.started\nrunning.stopped\n'), { timeout: 30_000 });
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
    if (full === 'stdout') expect(text().match(/stdout cannot be written any more/g)).toHaveLength(1);
  });

  it.each(['stdout', 'stderr'] as const)('does not end serve when it is %s', async full => {
    const { child, ended, text } = startFull(
      ['serve', '--listen', '127.0.0.1:0', '--database', ':memory:', '--json'],
      full,
    );
    // It writes to both when it listens.
    await vi.waitFor(() => expect(text()).not.toBe(''), { timeout: 30_000 });
    expect(child.exitCode).toBeNull();
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
  });

  it('does not fill the memory with the log of serve', async () => {
    const logger = JSON.stringify(pathToFileURL(compiledModule('src/cli/output/jsonLogger.ts')).href);
    const failure = JSON.stringify(pathToFileURL(compiledModule('src/cli/output/outputFailure.ts')).href);
    const program = `
      const { jsonLogger } = await import(${logger});
      const { goOnWithoutOutput, onOutputFailure } = await import(${failure});
      onOutputFailure(goOnWithoutOutput);
      const logger = jsonLogger('info');
      const used = () => (gc(), process.memoryUsage().heapUsed);
      const before = used();
      for (let turn = 0; turn < 40; turn += 1) {
        for (let i = 0; i < 100; i += 1) logger.info({ text: \`\${turn}\`.padEnd(10_000) }, 'entry');
        await new Promise(resolve => setImmediate(resolve));
      }
      console.log((used() - before) / 1e6);`;
    const { ended, text } = startNodeFull(['--expose-gc', '--input-type=module', '--eval', program], 'stderr');
    expect(await ended).toBe(0);
    // Of 40 MB.
    expect(Number(text())).toBeLessThan(10);
  });

  it('is an error of list in one line', async () => {
    await create(3);
    const { ended, text } = startFull(['list', '3', '--url', service.address], 'stdout');
    expect(await ended).toBe(1);
    expect(text()).toMatch(/^error: stdout cannot be written: ENOSPC.*\n$/);
  });

  it.each([
    [[], /^Dispatch (?<id>\d+) was created\./],
    [
      ['-f', 'daily', '--time-zone', 'Europe/Berlin', '--until', '2031-01-01'],
      /^Group (?<id>g[0-9a-f]{8}) was created\./,
    ],
  ])('is an error of create that names what was created: %j', async (rule, message) => {
    const plan = ['5', 'A', '1', '2030-01-01T10:00', '1h', ...rule];
    const { ended, text } = startFull(['create', ...plan, '--json', '--url', service.address], 'stdout');
    expect(await ended).toBe(1);
    const { error } = JSON.parse(text().trimEnd().split('\n').at(-1) ?? '');
    expect(error).toMatchObject({ code: 'RESOURCE_EXHAUSTED', message: expect.stringMatching(message) });
    expect(error.message).toContain('stdout cannot be written: ENOSPC');
    const id = message.exec(error.message)?.groups?.id;
    const names: string[] = [];
    for await (const found of client.list({ microgridId: 5 })) names.push(`${found.id}`, JSON.stringify(found.payload));
    expect(names.join()).toContain(id);
  });

  it('ends follow in order when it only prints and nobody reads it', async () => {
    const child = spawn(process.execPath, [dispatchProgram, 'follow', '4', '--url', service.address], {
      stdio: 'pipe',
    });
    let text = '';
    child.stderr.on('data', data => {
      text += data;
    });
    await vi.waitFor(() => expect(text).toContain('following'), { timeout: 30_000 });
    child.stdout.destroy();
    await create(4);
    const [code] = await once(child, 'close');
    expect([code, text]).toEqual([1, expect.stringContaining('error: nobody reads what follow prints')]);
  });
});
