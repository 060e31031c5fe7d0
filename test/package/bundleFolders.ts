// Makes the few files of the command, of the service and of the browser's entry that are shipped of the many they are written in: `bundleFolders.ts dist`.
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type BuildOptions, build, type Plugin } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Packages of which the browser's entry has copies: they would bring WebSockets and code for Node.js, and twice as much besides. */
const copied = ['nice-grpc-web', 'abort-controller-x', 'js-base64'];

/** Puts the files of a built package together, as it is shipped. */
export async function bundleFolders(dist: string): Promise<void> {
  await bundleFolder(resolve(dist, 'src/cli'), ['main'], {
    platform: 'node',
    target: 'node20',
    packages: 'external',
    // What is loaded only when it is needed stays so.
    splitting: true,
    minifyWhitespace: true,
  });
  await bundleFolder(resolve(dist, 'src/web'), ['index'], {
    platform: 'browser',
    target: 'es2022',
    plugins: [leavePackages],
    banner: { js: await licences() },
  });
  const service = resolve(dist, 'src/service');
  await bundleFolder(service, ['index', ...(await usedByOthers(resolve(dist), service))], {
    platform: 'node',
    target: 'node20',
    packages: 'external',
    splitting: true,
    minifyWhitespace: true,
  });
}

/**
 * Puts the files of a folder together: each takes a block of the disk, however small it is. They go on using the files of other folders,
 * which are left as they are.
 */
async function bundleFolder(folder: string, entries: readonly string[], options: BuildOptions): Promise<void> {
  const leaveOthers: Plugin = {
    name: 'leave other folders',
    setup({ onResolve }) {
      onResolve({ filter: /^\./ }, ({ kind, path, importer, resolveDir }) => {
        const imported = resolve(resolveDir, path);
        if (kind === 'entry-point' || imported.startsWith(folder + sep) || !importer.startsWith(folder + sep)) return;
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

/** Leaves packages to the bundler of the user, but for those that are copied: as ES modules, so that only what is used of them is. */
const leavePackages: Plugin = {
  name: 'leave packages',
  setup(build) {
    build.onResolve({ filter: /^[^./]/ }, ({ kind, path, resolveDir, pluginData }) => {
      if (kind === 'entry-point' || pluginData === 'copied') return undefined;
      if (!copied.some(name => path === name || path.startsWith(`${name}/`))) return { path, external: true };
      // The package is compiled to CommonJS, and has its sources beside that.
      const source = path.replace(/^nice-grpc-web\/lib\/(.+)\.js$/, 'nice-grpc-web/src/$1.ts');
      const from = resolveDir.startsWith(join(root, 'node_modules')) ? resolveDir : root;
      return build.resolve(source, { kind, resolveDir: from, pluginData: 'copied' });
    });
  },
};

async function licences(): Promise<string> {
  const texts = copied.map(async name => {
    const folder = join(root, 'node_modules', name);
    const file = (await readdir(folder)).find(file => /^licen[cs]e/i.test(file));
    if (file === undefined) throw new Error(`${name} has no licence`);
    return `${name}:\n${(await readFile(join(folder, file), 'utf8')).trim()}`;
  });
  return `/*! Parts of ${copied.join(', ')} are in this file.\n\n${(await Promise.all(texts)).join('\n\n')}\n*/`;
}

const [, program, dist] = process.argv;
if (program !== undefined && dist !== undefined && import.meta.url === pathToFileURL(program).href) {
  await bundleFolders(dist);
}
