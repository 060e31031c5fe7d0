// Makes the few files of the command, of the service and of the browser's entry that are shipped of the many they are written in: `bundleFolders.ts dist`.
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import { slimMessages } from './slimMessages.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Packages of which the browser's entry has copies: they would bring WebSockets and code for Node.js, and twice as much besides. */
const copied = ['nice-grpc-web', 'abort-controller-x'];

/** What browsers have for what js-base64 gives also to those that have it not. */
const base64 = `export const Base64 = {
  fromUint8Array: bytes => btoa(String.fromCharCode(...bytes)),
  toUint8Array: text => Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), unit => unit.charCodeAt(0)),
};`;

/** Parts of nice-grpc-web that it would load for methods and definitions of kinds that there are none of. */
const leftOut: Readonly<Record<string, string>> = {
  'client/createBidiStreamingMethod.ts': 'export const createBidiStreamingMethod = undefined;',
  'client/createClientStreamingMethod.ts': 'export const createClientStreamingMethod = undefined;',
  'service-definitions/grpc-web.ts':
    'export const isGrpcWebServiceDefinition = () => false; export const fromGrpcWebServiceDefinition = undefined;',
};

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
      plugins: [slimMessages, leavePackages],
      banner: { js: await licences() },
    },
    [resolve(dist, 'src/web'), resolve(dist, 'proto/gen')],
  );
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

/** Leaves packages to the bundler of the user, but for those that are copied: as ES modules, so that only what is used of them is. */
const leavePackages: Plugin = {
  name: 'leave packages',
  setup(build) {
    build.onResolve({ filter: /^[^./]/ }, ({ kind, path, resolveDir, pluginData }) => {
      if (kind === 'entry-point' || pluginData === 'copied') return undefined;
      if (path === 'js-base64') return { path, namespace: path };
      if (path === 'nice-grpc-common') return { path: `${OTHERS}../client/grpcCommon.js`, external: true };
      if (!copied.some(name => path === name || path.startsWith(`${name}/`))) return { path, external: true };
      // The package is compiled to CommonJS, and has its sources beside that.
      const source = path.replace(/^nice-grpc-web\/lib\/(.+)\.js$/, 'nice-grpc-web/src/$1.ts');
      const from = resolveDir.startsWith(join(root, 'node_modules')) ? resolveDir : root;
      return build.resolve(source, { kind, resolveDir: from, pluginData: 'copied' });
    });
    build.onLoad({ filter: /nice-grpc-web\/src\/.+\.ts$/ }, ({ path }) => {
      const contents = leftOut[path.replace(/^.*nice-grpc-web\/src\//, '')];
      return contents === undefined ? undefined : { contents };
    });
    build.onLoad({ filter: /.*/, namespace: 'js-base64' }, () => ({ contents: base64 }));
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
