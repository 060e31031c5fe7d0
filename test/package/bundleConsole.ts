// Makes the page of the console as it is shipped: `bundleConsole.ts dist/console`.
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build, type Plugin } from 'esbuild';
import { sourceFile } from '../support/sourceFile.js';

const page = sourceFile('../../src/console/page', import.meta.url);

/** Options of {@link bundleConsole}. */
export interface BundleOptions {
  /** The module that begins. @default the page that users get */
  readonly entry?: string;
  readonly plugins?: Plugin[];
}

/** Writes the static files of the console to a folder: a page, a script and a style sheet, with nothing from elsewhere. */
export async function bundleConsole(
  folder: string,
  { entry = join(page, 'main.ts'), plugins = [] }: BundleOptions = {},
): Promise<void> {
  await mkdir(folder, { recursive: true });
  await build({
    entryPoints: { console: entry },
    outdir: folder,
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    minify: true,
    legalComments: 'none',
    tsconfig: resolve(page, '../tsconfig.json'),
    plugins,
    logLevel: 'warning',
  });
  await build({
    entryPoints: { console: join(page, 'console.css') },
    outdir: folder,
    bundle: true,
    minify: true,
    logLevel: 'warning',
  });
  await cp(join(page, 'index.html'), join(folder, 'index.html'));
}

/** Writes the files of the console as they are shipped: browsers take them compressed, and they take less of the disk. */
export async function buildConsole(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await bundleConsole(folder);
  for (const name of await readdir(folder)) {
    await writeFile(join(folder, `${name}.gz`), gzipSync(await readFile(join(folder, name)), { level: 9 }));
    await rm(join(folder, name));
  }
}

const [, program, folder] = process.argv;
if (program !== undefined && folder !== undefined && import.meta.url === pathToFileURL(program).href) {
  await buildConsole(folder);
}
