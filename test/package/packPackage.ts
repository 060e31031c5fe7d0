import { execFile } from 'node:child_process';
import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { buildConsole } from './bundleConsole.js';
import { bundleFolders } from './bundleFolders.js';

const run = promisify(execFile);

/** The folder of this project. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

/** The compiler of this project. */
export const tsc = join(root, 'node_modules/typescript/bin/tsc');

/** Builds and packs this package in an empty folder, as it would be published; returns the path of the tarball. */
export async function packPackage(folder: string): Promise<string> {
  const staged = join(folder, 'staged');
  await mkdir(staged);
  const shipped = ['package.json', 'README.md', 'CHANGELOG.md', 'LICENSE', 'docs', 'examples', 'proto'];
  await Promise.all(shipped.map(name => cp(join(root, name), join(staged, name), { recursive: true })));
  await run(process.execPath, [tsc, '-p', join(root, 'tsconfig.json'), '--outDir', join(staged, 'dist')]);
  await bundleFolders(join(staged, 'dist'));
  await buildConsole(join(staged, 'dist/console'));
  const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
    cwd: staged,
    maxBuffer: 2 ** 24,
  });
  const [packed] = JSON.parse(stdout) as { filename: string }[];
  if (packed === undefined) throw new Error('npm pack made no package');
  return join(folder, packed.filename);
}
