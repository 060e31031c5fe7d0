import { mkdir, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { buildConsole } from '../package/bundleConsole.js';
import { sourceFile } from '../support/sourceFile.js';

const folder = sourceFile('../../dist/console', import.meta.url);
let built: Promise<void> | undefined;

/** Builds the console where programs from sources have it, once a process. Others that do so at the same time do not disturb. */
export function builtConsole(): Promise<void> {
  built ??= build();
  return built;
}

async function build(): Promise<void> {
  const made = `${folder}.${process.pid}`;
  await buildConsole(made);
  await mkdir(folder, { recursive: true });
  for (const name of await readdir(made)) await rename(join(made, name), join(folder, name));
}
