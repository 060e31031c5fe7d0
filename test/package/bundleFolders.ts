// Makes the few files of the command, of the service and of the browser's entry that are shipped of the many they are written in: `bundleFolders.ts dist`.
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type BuildOptions, build, type Plugin, transform } from 'esbuild';
import { copied, copyPackages, licences } from './copyPackages.js';
import { slimMessages } from './slimMessages.js';

/** Puts the files of a built package together, as it is shipped. */
export async function bundleFolders(dist: string): Promise<void> {
  const [command, planning] = [resolve(dist, 'src/cli'), resolve(dist, 'src/planning')];
  await bundleFolder(
    command,
    ['main'],
    {
      platform: 'node',
      target: 'node20',
      packages: 'external',
      // What is loaded only when it is needed stays so.
      splitting: true,
      minifyWhitespace: true,
    },
    [command, planning],
  );
  // Nothing else that is shipped uses it: the console has a copy of its own.
  await rm(planning, { recursive: true });
  await bundleFolder(
    resolve(dist, 'src/web'),
    ['index'],
    {
      platform: 'browser',
      target: 'es2022',
      minifyWhitespace: true,
      plugins: [slimMessages, copyPackages(resolve(dist, 'src/client/grpcCommon.js'))],
      banner: { js: `/*! Has parts of ${copied.join(', ')}: see LICENSES.txt beside this file in xstate-dispatch */` },
    },
    ['src/web', 'src/dispatcher', 'src/client', 'src/wire', 'proto/gen'].map(name => resolve(dist, name)),
  );
  await writeFile(join(resolve(dist, 'src/web'), 'LICENSES.txt'), await licences());
  const service = resolve(dist, 'src/service');
  await bundleFolder(service, ['index', ...(await usedByOthers(resolve(dist), service))], {
    platform: 'node',
    target: 'node20',
    packages: 'external',
    splitting: true,
    minifyWhitespace: true,
  });
  await leaveOutComments(resolve(dist), [command, resolve(dist, 'src/web'), service]);
}

/** Leaves out the comments of compiled files, which the types have, too, except in folders that were put together. */
async function leaveOutComments(dist: string, except: readonly string[]): Promise<void> {
  const files = (await readdir(dist, { recursive: true })).map(name => join(dist, name));
  await Promise.all(
    files.map(async file => {
      if (!file.endsWith('.js') || except.some(folder => file.startsWith(folder + sep))) return;
      const { code } = await transform(await readFile(file, 'utf8'), { target: 'es2023' });
      await writeFile(file, code);
    }),
  );
}

/**
 * Puts the files of a folder together: each takes a block of the disk, however small it is. They go on using the files of other folders,
 * which are left as they are.
 *
 * @param inside - folders of which copies are put in. @default the folder itself
 */
async function bundleFolder(
  folder: string,
  entries: readonly string[],
  options: BuildOptions,
  inside = [folder],
): Promise<void> {
  const isInside = (path: string) => inside.some(inner => path.startsWith(inner + sep));
  const leaveOthers: Plugin = {
    name: 'leave other folders',
    setup({ onResolve }) {
      onResolve({ filter: /^\./ }, ({ kind, path, importer, resolveDir }) => {
        const imported = resolve(resolveDir, path);
        if (kind === 'entry-point' || isInside(imported) || !isInside(importer)) return;
        return { path: `${OTHERS}${relative(folder, imported).split(sep).join('/')}`, external: true };
      });
    },
  };
  const { outputFiles } = await build({
    ...options,
    entryPoints: entries.map(entry => resolve(folder, `${entry}.js`)),
    outbase: folder,
    outdir: folder,
    bundle: true,
    format: 'esm',
    plugins: [leaveOthers, ...(options.plugins ?? [])],
    write: false,
  });
  for (const name of await readdir(folder, { recursive: true })) {
    if (name.endsWith('.js')) await rm(join(folder, name));
  }
  for (const { path, text } of outputFiles) {
    const toFolder = relative(dirname(path), folder).split(sep).join('/');
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text.replaceAll(OTHERS, toFolder === '' ? './' : `${toFolder}/`));
  }
}

/** Stands before the path of a file of another folder, from the folder that is put together, until it is known which file imports it. */
const OTHERS = 'other-folder:';

/** The files of a folder that others import, without their ending. */
async function usedByOthers(dist: string, folder: string): Promise<string[]> {
  const used = new Set<string>();
  for (const name of await readdir(dist, { recursive: true })) {
    const file = join(dist, name);
    if (!name.endsWith('.js') || file.startsWith(folder + sep)) continue;
    for (const [, path = ''] of (await readFile(file, 'utf8')).matchAll(/["'](\.{1,2}\/[^"']+)\.js["']/g)) {
      const imported = resolve(dirname(file), path);
      if (imported.startsWith(folder + sep)) used.add(relative(folder, imported));
    }
  }
  return [...used];
}

const [, program, dist] = process.argv;
if (program !== undefined && dist !== undefined && import.meta.url === pathToFileURL(program).href) {
  await bundleFolders(dist);
}
