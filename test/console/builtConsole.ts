import { cp, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { buildConsole } from '../package/bundleConsole.js';
import { compiledFolder, projectRoot } from '../support/compiled.js';

/** Where programs from sources have it, and where compiled ones have. */
const folders = [projectRoot, compiledFolder].map(root => join(root, 'dist/console'));
let built: Promise<void> | undefined;

/** Builds the console that the programs of this project serve, once a process. Others that do so at the same time do not disturb. */
export function builtConsole(): Promise<void> {
  built ??= build();
  return built;
}

async function build(): Promise<void> {
  const [made = '', ...copies] = folders.map(folder => `${folder}.${process.pid}`);
  await buildConsole(made);
  for (const copy of copies) await cp(made, copy, { recursive: true });
  for (const folder of folders) {
    const from = `${folder}.${process.pid}`;
    await mkdir(folder, { recursive: true });
    for (const name of await readdir(from)) await rename(join(from, name), join(folder, name));
    await rm(from, { recursive: true });
  }
}
