// Makes the few files of a command that are shipped of the many it is written in: `bundleCommand.ts dist`.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, relative, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, type Plugin } from 'esbuild';

/**
 * Puts the files of a built command together, `src/cli` of a folder: each takes a block of the disk, however small it is. The command goes on
 * using the files of the library, which are left as they are.
 */
export async function bundleCommand(dist: string): Promise<void> {
  const folder = resolve(dist, 'src/cli');
  const leaveOthers: Plugin = {
    name: 'leave what is not of the command',
    setup({ onResolve }) {
      onResolve({ filter: /^\./ }, ({ kind, path, resolveDir }) => {
        const imported = resolve(resolveDir, path);
        if (kind === 'entry-point' || imported.startsWith(folder + sep)) return undefined;
        return { path: relative(folder, imported).split(sep).join('/'), external: true };
      });
    },
  };
  const { outputFiles } = await build({
    entryPoints: [resolve(folder, 'main.js')],
    outdir: folder,
    bundle: true,
    // What is loaded only when it is needed stays so.
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    packages: 'external',
    minifyWhitespace: true,
    plugins: [leaveOthers],
    write: false,
  });
  await rm(folder, { recursive: true });
  for (const { path, contents } of outputFiles) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, contents);
  }
}

const [, program, dist] = process.argv;
if (program !== undefined && dist !== undefined && import.meta.url === pathToFileURL(program).href) {
  await bundleCommand(dist);
}
