import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { projectRoot } from './compiled.js';

/** A copy of an example as a project of its own, beside the packages of this one. */
export interface ExampleProject extends AsyncDisposable {
  readonly path: string;
}

/** Copies an example, with what it needs of this package; `npm run test:long` tries it with the package as it is published. */
export async function exampleProject(name: string): Promise<ExampleProject> {
  await mkdir(join(projectRoot, 'build'), { recursive: true });
  const path = await mkdtemp(join(projectRoot, 'build/example-'));
  await cp(join(projectRoot, 'examples', name), path, { recursive: true });
  const installed = join(path, 'node_modules/xstate-dispatch');
  await build({
    entryPoints: { web: join(projectRoot, 'src/web/index.ts'), machines: join(projectRoot, 'machines/index.ts') },
    outdir: installed,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    external: ['xstate'],
  });
  const exports = { './web': './web.js', './machines': './machines.js' };
  await writeFile(join(installed, 'package.json'), JSON.stringify({ type: 'module', exports }));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
