// The package as users install it: with an XState of their own, and without what is optional.
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestService } from '../../src/testing/startTestService.js';
import { type ProgramResult, startProcess } from '../support/program.js';
import { codeBlocks } from './codeBlocks.js';
import { packPackage, root, tsc } from './packPackage.js';

const run = promisify(execFile);
const maxMebibytes = 25;
const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
const oldestXState = manifest.peerDependencies.xstate.replace('^', '');

/** An empty project with the oldest XState, in which this package is installed with `--omit=optional`. */
let project: string;

beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), 'xstate-dispatch-install-'));
  await writeFile(join(project, 'package.json'), '{ "type": "module" }');
  const tarball = await packPackage(project);
  const options = ['--omit=optional', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts'];
  await run('npm', ['install', ...options, tarball, `xstate@${oldestXState}`], { cwd: project });
});

afterAll(() => rm(project, { recursive: true, force: true }));

function program(source: string): Promise<ProgramResult> {
  return startProcess(['--input-type=module', '--eval', source], { cwd: project }).ended;
}

/** Compiles a file of the project to JavaScript, with the checks that TypeScript makes by default; returns its errors. */
async function compile(name: string, source: string): Promise<string> {
  await writeFile(join(project, name), source);
  await cp(join(root, 'node_modules/@types/node'), join(project, 'node_modules/@types/node'), { recursive: true });
  const options = ['--target', 'es2023', '--module', 'nodenext', '--types', 'node', '--strict'];
  return run(process.execPath, [tsc, ...options, name], { cwd: project }).then(
    () => '',
    ({ stdout }) => stdout as string,
  );
}

/** Bytes on the disk, as `du` counts them. */
async function sizeOf(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const sizes = await Promise.all(entries.map(async ({ parentPath, name }) => stat(join(parentPath, name))));
  return sizes.reduce((sum, { blocks }) => sum + 512 * blocks, 0);
}

describe('the package without what is optional', () => {
  it(`takes at most ${maxMebibytes} MiB with all that it needs`, async () => {
    const mebibytes = (await sizeOf(join(project, 'node_modules'))) / 2 ** 20;
    console.log(`installed with --omit=optional: ${mebibytes.toFixed(1)} MiB`);
    expect(mebibytes).toBeLessThanOrEqual(maxMebibytes);
  });

  it('has no database, no package of the command and one XState, of the user', async () => {
    const installed = await readdir(join(project, 'node_modules'));
    expect(installed).not.toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^(libsql|kysely|pg|pino|prom-client|commander|fast-check|@opentelemetry)$/),
      ]),
    );
    const { stdout } = await run('npm', ['ls', 'xstate', '--all', '--json'], { cwd: project });
    expect(JSON.parse(stdout).dependencies).toMatchObject({
      xstate: { version: oldestXState },
      'xstate-dispatch': { dependencies: { xstate: { version: oldestXState } } },
    });
  });

  it('runs a dispatcher and a client of a real service', async () => {
    await using service = await startTestService();
    const { code, stdout, stderr } = await program(`
      import { DispatchClient, Dispatcher } from 'xstate-dispatch';
      import 'xstate-dispatch/machines';
      const address = '${service.address}';
      const client = new DispatchClient({ address });
      const dispatcher = new Dispatcher({ microgridId: 1, address });
      dispatcher.on('running', ({ type, change }) => console.log(type, change.kind));
      await dispatcher.start();
      await dispatcher.ready();
      const next = dispatcher.runningStatusChange.newReceiver();
      await client.create({ microgridId: 1, type: 'CHARGE', startTime: 'NOW', selector: { ids: [5] } });
      await next.receive();
      await dispatcher.stop();
      client.close();
    `);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'CHARGE started\n', stderr: '' });
  });

  it('serves dispatches from memory', async () => {
    const { code, stdout, stderr } = await program(`
      import { startTestService } from 'xstate-dispatch/testing';
      const service = await startTestService();
      const { type } = await service.client.create({ microgridId: 1, type: 'CHARGE', startTime: 'NOW', selector: { ids: [5] } });
      console.log(type);
      await service.stop();
    `);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'CHARGE\n', stderr: '' });
  });

  it('compiles a test, also without skipLibCheck and fast-check', async () => {
    const source = `
      import { Dispatcher } from 'xstate-dispatch';
      import { startDispatchService } from 'xstate-dispatch/service';
      import { sqliteStore } from 'xstate-dispatch/store';
      import { dispatchRecord, memoryTransport } from 'xstate-dispatch/testing';
      const transport = memoryTransport([dispatchRecord({ startTimeMs: 0 })]);
      new Dispatcher({ microgridId: 1, transport, store: sqliteStore('here.db') });
      await startDispatchService();`;
    expect(await compile('first.ts', source)).toBe('');
    const wrong = `
      import { dispatchRecord } from 'xstate-dispatch/testing';
      dispatchRecord({ startTimeMs: '0' });`;
    expect(await compile('wrong.ts', wrong)).toMatch(/^wrong.ts.*TS2322/);
  });

  it('compiles and runs a machine that embeds a dispatcher, with the user’s own XState', async () => {
    await using service = await startTestService();
    const blocks = await codeBlocks();
    const embedding = blocks.find(({ name }) => name === 'docs/embedding.md 1')?.code ?? '';
    const source = `${embedding.replace('grpc://localhost:50051?ssl=false', service.address)}
      setTimeout(() => actor.stop(), 60_000).unref();`;
    expect(await compile('embedding.ts', source)).toBe('');
    await using running = startProcess(['embedding.js'], { cwd: project });
    expect(await running.line()).toBe('charger off');
    await service.client.create({ microgridId: 1, type: 'CHARGE', startTime: 'NOW', selector: { ids: [5] } });
    expect(await running.line()).toBe('charger on');
  });

  it.each([
    [
      'a store',
      `
      import { sqliteStore } from 'xstate-dispatch/store';
      await sqliteStore('here.db').open({ microgridId: 1 });`,
      'sqliteStore needs the package kysely',
    ],
    [
      'a service with a file',
      `
      import { startDispatchService } from 'xstate-dispatch/service';
      await startDispatchService({ database: 'here.db' });`,
      'a service with a file needs the package kysely',
    ],
    [
      'a service with PostgreSQL',
      `
      import { startDispatchService } from 'xstate-dispatch/service';
      await startDispatchService({ database: 'postgres://localhost/none' });`,
      'a service with PostgreSQL needs the package kysely',
    ],
    [
      'a service with metrics',
      `
      import { startDispatchService } from 'xstate-dispatch/service';
      await startDispatchService({ metrics: '127.0.0.1:0' });`,
      'a service with metrics needs the package prom-client',
    ],
    [
      'a service over HTTP',
      `
      import { startDispatchService } from 'xstate-dispatch/service';
      await startDispatchService({ web: {} });`,
      'a service over HTTP needs the package @connectrpc/connect',
    ],
    [
      'an arbitrary',
      `
      import { ruleArbitrary, simulatedClock } from 'xstate-dispatch/testing';
      simulatedClock(0);
      ruleArbitrary();`,
      'an arbitrary of xstate-dispatch/testing needs the package fast-check',
    ],
  ])('says what is missing for %s', async (_, source, message) => {
    const { stdout } = await program(
      `process.once('uncaughtException', error => console.log(error.name, error.code, error.message));${source}`,
    );
    expect(stdout).toMatch(
      new RegExp(`^DispatchError FAILED_PRECONDITION ${message}, which is not installed: npm install \\S+`),
    );
  });

  it('says in one line of a command what is missing', async () => {
    const bin = join(project, 'node_modules/xstate-dispatch/dist/src/cli/main.js');
    const { code, stdout, stderr } = await startProcess([bin, 'list', '1'], { cwd: project }).ended;
    expect({ code, stdout, stderr }).toEqual({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(
        /^error: the dispatch command needs the package commander, which is not installed: .*\n$/,
      ),
    });
  });
});
