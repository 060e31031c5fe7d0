// Makes the page of the console: `bundleConsole.ts dist/console`.
import { cp, mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
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

const [, program, folder] = process.argv;
if (program !== undefined && folder !== undefined && import.meta.url === pathToFileURL(program).href) {
  await bundleConsole(folder);
}
