// What README, docs and examples show, against the package as it is published.
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestService } from '../../src/testing/startTestService.js';
import { startProcess } from '../support/program.js';
import { type CodeBlock, codeBlocks } from './codeBlocks.js';
import { packPackage, root, tsc } from './packPackage.js';

const run = promisify(execFile);
const exact = 'exactOptionalPropertyTypes';
const unchecked = 'noUncheckedIndexedAccess';

/** A project beside the dependencies of this one, with the package in its own. */
let project: string;
let blocks: CodeBlock[];

beforeAll(async () => {
  await mkdir(join(root, 'build'), { recursive: true });
  project = await mkdtemp(join(root, 'build/code-blocks-'));
  const installed = join(project, 'node_modules/xstate-dispatch');
  await mkdir(installed, { recursive: true });
  const tarball = await packPackage(project);
  await run('tar', ['-xzf', tarball, '-C', installed, '--strip-components=1']);
  await writeFile(join(project, 'package.json'), '{ "type": "module" }');
  await cp(join(installed, 'examples'), join(project, 'examples'), { recursive: true });
  blocks = await codeBlocks();
  for (const { name, code } of blocks) await writeFile(join(project, fileOf(name)), code);
  // What a test shows imports what is beside it.
  await cp(join(project, 'examples/charger.ts'), join(project, 'charger.ts'));
});

afterAll(() => rm(project, { recursive: true, force: true }));

function fileOf(name: string): string {
  return `${basename(name).replace('.md ', '-')}.ts`;
}

async function compile(...options: string[]): Promise<string> {
  const compilerOptions = {
    ...{ target: 'es2023', lib: ['es2023', 'dom', 'esnext.disposable'], module: 'nodenext', types: ['node'] },
    ...{ strict: true, noEmit: true, skipLibCheck: true },
    ...Object.fromEntries(options.map(name => [name, true])),
  };
  const file = join(project, 'tsconfig.json');
  await writeFile(file, JSON.stringify({ compilerOptions, include: ['*.ts', 'examples/*.ts'] }));
  return run(process.execPath, [tsc, '-p', file], { cwd: project }).then(
    () => '',
    ({ stdout }) => stdout as string,
  );
}

describe('the code in README, docs and examples', () => {
  it.each([
    ['strict', []],
    [`strict and ${exact}`, [exact]],
    [`strict and ${unchecked}`, [unchecked]],
    ['strict and both', [exact, unchecked]],
  ])('compiles with %s', async (_, options) => {
    expect(blocks.length).toBeGreaterThan(10);
    expect(await compile(...options)).toBe('');
  });

  it('runs: the first program of the README prints start, change and scheduled end, and takes dry runs as such', async () => {
    await using service = await startTestService();
    const source = await readFile(join(project, 'README-1.ts'), 'utf8');
    const program = join(project, 'readme.ts');
    await writeFile(program, source.replace('grpc://localhost:50051?ssl=false', service.address));
    await using running = startProcess(['--import=tsx', program], { cwd: project });
    const microgrid = service.client.forMicrogrid(1);
    const common = { type: 'CHARGE', startTime: 'NOW', durationMs: 3_600_000, selector: { ids: [5] } } as const;
    const { id, startTime } = await microgrid.create({ ...common, payload: { kw: 3 } });
    expect(await running.line()).toMatch(/^charge with 3 kW until 20/);
    // The run ends some seconds from when the program is seen to follow it, however long that took.
    const durationMs = Math.ceil((Date.now() - startTime.getTime()) / 1000) * 1000 + 3_000;
    await microgrid.update(id, { payload: { kw: 4 }, durationMs });
    expect(await running.line()).toMatch(/^charge with 4 kW until 20/);
    expect(await running.line()).toBe(`stop dispatch ${id}`);
    await microgrid.create({ ...common, dryRun: true, payload: { kw: 3 } });
    expect(await running.line()).toMatch(/^would charge with 3 kW until 20/);
  });

  it('runs: the program on the clock of XState prints what it says', async () => {
    const file = join(project, fileOf('docs/testing.md 2'));
    const { stdout } = await run(process.execPath, ['--import=tsx', file], { cwd: project });
    expect(stdout).toBe('warmingUp\npumping\n');
  });
});
