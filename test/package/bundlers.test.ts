// The package as it is published, in pages: what the docs say, the React example as it is built, and bundlers without options.
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { build as esbuild } from 'esbuild';
import { build as vite } from 'vite';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import webpack, { type Stats } from 'webpack';
import { startDispatchService } from '../../src/service/startDispatchService.js';
import { describeWithChromium } from '../support/describeWithChromium.js';
import { serveFolders } from '../support/serveFolders.js';
import { temporaryFolder } from '../support/temporaryFolder.js';
import { watchedPage } from '../support/watchedPage.js';
import { packPackage, root, tsc } from './packPackage.js';

const run = promisify(execFile);
const soon = <T>(read: () => T) => expect.poll(read, { timeout: 30_000 });

/** A program that tells its state in the title of its page. */
const program = `
  import { Dispatcher } from 'xstate-dispatch/web';
  const dispatcher = new Dispatcher({ microgridId: 1, url: location.hash.slice(1) });
  dispatcher.on('sync', ({ state }) => { document.title = state; });
  dispatcher.on('running', ({ type, change }) => { document.title = type + ' ' + change.kind; });
  dispatcher.start();
`;
const html = '<!doctype html><link rel="icon" href="data:,"><script type="module" src="./program.js"></script>';

/** A project beside the dependencies of this one, with the package in its own. */
let project: string;

beforeAll(async () => {
  await mkdir(join(root, 'build'), { recursive: true });
  project = await mkdtemp(join(root, 'build/bundlers-'));
  const installed = join(project, 'node_modules/xstate-dispatch');
  await mkdir(installed, { recursive: true });
  const tarball = await packPackage(project);
  await run('tar', ['-xzf', tarball, '-C', installed, '--strip-components=1']);
  await writeFile(join(project, 'package.json'), '{ "type": "module" }');
  await writeFile(join(project, 'program.js'), program);
  await writeFile(join(project, 'index.html'), html);
  for (const name of ['page', 'react']) {
    await cp(join(installed, 'examples', name), join(project, name), { recursive: true });
  }
});

afterAll(() => rm(project, { recursive: true, force: true }));

/** How each bundler makes `program.js` and what it loads in a folder of its own. */
const bundlers: Readonly<Record<string, (outdir: string) => Promise<unknown>>> = {
  esbuild: outdir =>
    esbuild({ absWorkingDir: project, entryPoints: ['program.js'], outdir, bundle: true, format: 'esm', minify: true }),
  vite: outdir => vite({ root: project, configFile: false, base: './', logLevel: 'warn', build: { outDir: outdir } }),
  webpack: outdir =>
    bundleByWebpack({ context: project, entry: './program.js', output: { path: outdir, filename: 'program.js' } }),
};

async function bundleByWebpack(options: webpack.Configuration): Promise<void> {
  const compiler = webpack({ mode: 'production', performance: false, ...options });
  const stats = await promisify<Stats | undefined>(done => compiler.run(done))();
  await promisify(compiler.close.bind(compiler))();
  expect(stats?.toJson({ all: false, errors: true, warnings: true })).toMatchObject({ errors: [], warnings: [] });
}

it('holds nothing that somebody made in the examples', async () => {
  using folder = temporaryFolder();
  await cp(join(root, 'package.json'), join(folder.path, 'package.json'));
  const examples = ['page/page.js', 'react/package.json', 'react/src/main.tsx'];
  const made = [
    'page/xstate-dispatch.js',
    'react/package-lock.json',
    'react/node_modules/x/x.js',
    'react/dist/index.html',
  ];
  for (const name of [...examples, ...made]) {
    const path = join(folder.path, 'examples', name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, '{}');
  }
  const { stdout } = await run('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: folder.path });
  const [packed] = JSON.parse(stdout) as { files: { path: string }[] }[];
  const paths = packed?.files.map(({ path }) => path).filter(path => path.startsWith('examples/'));
  expect(paths).toEqual(examples.map(name => `examples/${name}`));
});

describeWithChromium('the published package in a page', browser => {
  /** Serves a folder, and opens it in a window with a service that it may call. */
  async function open(folder: string) {
    const site = await serveFolders(folder);
    onTestFinished(() => site[Symbol.asyncDispose]());
    const service = await startDispatchService({ web: { origins: [site.url] } });
    onTestFinished(() => service.stop());
    const watched = await watchedPage(browser());
    onTestFinished(() => watched[Symbol.asyncDispose]());
    await watched.page.goto(`${site.url}/#${service.webUrl}`);
    return { ...watched, service };
  }

  it.each(Object.keys(bundlers))('is bundled by %s without options', async name => {
    const outdir = join(project, 'bundled', name);
    await bundlers[name]?.(outdir);
    if (name !== 'vite') await cp(join(project, 'index.html'), join(outdir, 'index.html'));
    const { page, faults } = await open(outdir);
    await soon(() => page.title()).toBe('live');
    expect(faults).toEqual([]);
    const scripts = await page.evaluate(() => performance.getEntriesByType('resource').map(({ name }) => name));
    const sizes = scripts
      .filter(url => url.endsWith('.js'))
      .map(async url => gzipSync(await (await fetch(url)).text()).length);
    console.log(
      `bundled by ${name}: ${((await Promise.all(sizes)).reduce((sum, size) => sum + size) / 1000).toFixed(1)} kB, gzipped`,
    );
  });

  it('is made one file for a page without a bundler, as docs/browser.md says', async () => {
    const docs = await readFile(join(root, 'docs/browser.md'), 'utf8');
    const [, args = ''] = /^npx esbuild (.+--outfile=.+)$/m.exec(docs) ?? [];
    await run(join(root, 'node_modules/.bin/esbuild'), args.split(' '), { cwd: project });
    await signIn(await open(join(project, 'page')), 'live');
  });

  it('is in the React example, whose types are right and which is built', async () => {
    const cwd = join(project, 'react');
    await run(process.execPath, [tsc, '-p', cwd], { cwd });
    await vite({ root: cwd, logLevel: 'warn' });
    await signIn(await open(join(cwd, 'dist')), 'live');
  });

  async function signIn({ page, faults, service }: Awaited<ReturnType<typeof open>>, state: string): Promise<void> {
    await page.getByLabel('Service').fill(String(service.webUrl));
    await page.getByRole('button', { name: 'Connect' }).click();
    await soon(() => page.getByRole('status').textContent()).toBe(state);
    await page.getByLabel('Starts in').fill('1');
    await page.getByRole('button', { name: 'Plan' }).click();
    await soon(() => page.getByRole('listitem').allTextContents()).toEqual([
      expect.stringContaining('CHARGE with 3 kW'),
    ]);
    expect(faults).toEqual([]);
  }
});
