// The browser's entry as it is published, bundled as users do: by esbuild, vite and webpack, without options.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { build as esbuild } from 'esbuild';
import { build as vite } from 'vite';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import webpack from 'webpack';
import { startDispatchService } from '../../src/service/startDispatchService.js';
import { describeWithChromium } from '../support/describeWithChromium.js';
import { packPackage } from './packPackage.js';

const run = promisify(execFile);

/** Programs of pages, and how many kilobytes their bundles may have after gzip, by esbuild and by the others. */
const programs = {
  embedding: {
    kB: [57, 55],
    source: `
      import { createActor, setup } from 'xstate';
      import { dispatcherActors } from 'xstate-dispatch/web';
      import { dispatcherMachine } from 'xstate-dispatch/machines';
      const url = new URLSearchParams(location.search).get('url');
      const actors = { dispatcher: dispatcherMachine.provide({ actors: dispatcherActors({ url }) }) };
      const machine = setup({ actors }).createMachine({
        invoke: { src: 'dispatcher', input: { microgridId: 1 } },
        on: { 'dispatcher.sync': { actions: ({ event }) => { document.title = event.status.state; } } },
      });
      createActor(machine).start();`,
  },
  dispatcher: {
    kB: [70, 68],
    source: `
      import { DispatchClient, Dispatcher, dispatcherActors } from 'xstate-dispatch/web';
      const url = new URLSearchParams(location.search).get('url');
      const dispatcher = new Dispatcher({ microgridId: 1, url });
      dispatcher.on('sync', ({ state }) => { document.title = state; });
      await dispatcher.start();
      Object.assign(globalThis, { DispatchClient, dispatcherActors });`,
  },
  everything: {
    kB: [91, 89],
    source: `
      import * as all from 'xstate-dispatch/web';
      Object.assign(globalThis, { all });
      document.title = all.ruleToText({ frequency: 'DAILY', interval: 2 });`,
  },
} as const;

type ProgramName = keyof typeof programs;

/** An empty project in which this package is installed, without what is optional. */
let project: string;

beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), 'xstate-dispatch-web-'));
  await writeFile(join(project, 'package.json'), '{ "type": "module" }');
  const tarball = await packPackage(project);
  const options = ['--omit=optional', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts'];
  await run('npm', ['install', ...options, tarball, 'xstate@5.33.3'], { cwd: project });
  for (const [name, { source }] of Object.entries(programs)) {
    await writeFile(join(project, `${name}.js`), source);
    await writeFile(join(project, `${name}.html`), `<!doctype html><script type="module" src="./${name}.js"></script>`);
  }
});

afterAll(() => rm(project, { recursive: true, force: true }));

/** Each makes one script of a program; a module of Node.js that it would need is an error. */
const bundlers = {
  async esbuild(name: ProgramName) {
    const { outputFiles } = await esbuild({
      entryPoints: [join(project, `${name}.js`)],
      bundle: true,
      minify: true,
      format: 'esm',
      write: false,
    });
    return outputFiles[0]?.text ?? '';
  },
  async vite(name: ProgramName) {
    const outDir = join(project, `vite-${name}`);
    const input = join(project, `${name}.html`);
    // It is `test` here, for which vite would take what packages have for development.
    vi.stubEnv('NODE_ENV', 'production');
    onTestFinished(() => void vi.unstubAllEnvs());
    await vite({ root: project, configFile: false, logLevel: 'error', build: { outDir, rollupOptions: { input } } });
    const scripts = await readdir(join(outDir, 'assets'));
    expect(scripts).toHaveLength(1);
    return readFile(join(outDir, 'assets', String(scripts[0])), 'utf8');
  },
  async webpack(name: ProgramName) {
    const path = join(project, `webpack-${name}`);
    const bundle = webpack({
      mode: 'production',
      context: project,
      entry: `./${name}.js`,
      output: { path },
      performance: false,
    });
    const stats = await promisify(bundle.run.bind(bundle))();
    expect(stats?.toJson({ all: false, errors: true, warnings: true })).toMatchObject({ errors: [], warnings: [] });
    return readFile(join(path, 'main.js'), 'utf8');
  },
};

const cases = Object.keys(programs).flatMap(program =>
  Object.keys(bundlers).map(bundler => [program as ProgramName, bundler as keyof typeof bundlers] as const),
);

describe('a page with the browser entry', () => {
  it.each(cases)('%s, is bundled by %s: small, and without anything of Node.js', async (name, bundler) => {
    const script = await bundlers[bundler](name);
    const kilobytes = gzipSync(script).length / 1_000;
    console.log(`${name} by ${bundler}: ${kilobytes.toFixed(1)} kB gzipped`);
    const { kB } = programs[name];
    expect(kilobytes).toBeLessThanOrEqual(bundler === 'esbuild' ? kB[0] : kB[1]);
    expect(/\bBuffer\b|\brequire\(|\bSymbol\.dispose\b|\beval\(|['"]node:/.exec(script)).toBeNull();
  });
});

describeWithChromium('a page with the browser entry', browser => {
  it.each(cases)('%s, bundled by %s, runs without eval', async (name, bundler) => {
    await using page = await servePage(await bundlers[bundler](name));
    await using service = await serve(page.origin);
    page.connectTo = service.url;
    await using context = await browser().newContext();
    const opened = await context.newPage();
    const faults: string[] = [];
    opened.on('pageerror', error => faults.push(error.message));
    opened.on('console', message => faults.push(message.text()));
    await opened.goto(`${page.origin}/?url=${service.url}`);
    await expect.poll(() => opened.title()).toBe(name === 'everything' ? 'every 2 days' : 'live');
    expect(faults).toEqual([]);
  });
});

async function serve(origin: string) {
  const service = await startDispatchService({ web: { listen: '127.0.0.1:0', origins: [origin] } });
  return { url: service.webUrl ?? '', [Symbol.asyncDispose]: () => service.stop() };
}

/** Serves a page with one script, which may neither evaluate texts nor connect to anything but a service. */
async function servePage(script: string) {
  const served = {
    origin: '',
    connectTo: '',
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
  const server = createServer(({ url }, response) => {
    const isScript = url === '/page.js';
    response.writeHead(200, {
      'content-type': isScript ? 'text/javascript' : 'text/html',
      'content-security-policy': `default-src 'none'; script-src 'self'; img-src data:; connect-src ${served.connectTo}`,
    });
    response.end(
      isScript ? script : '<!doctype html><link rel="icon" href="data:"><script type="module" src="/page.js"></script>',
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  served.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return served;
}
