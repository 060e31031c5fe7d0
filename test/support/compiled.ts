import { fileURLToPath } from 'node:url';

const here = new URL('../..', import.meta.url);
/** Where this module itself is compiled, so is everything else beside it. */
const build = import.meta.url.endsWith('.js') ? here : new URL('build/', here);

/** The folder of the project, also for compiled modules. */
export const projectRoot = fileURLToPath(new URL('..', build));

/** The folder of the compiled package, in which programs can import it by its name. */
export const compiledFolder = fileURLToPath(build);

/**
 * The path of a compiled module, for processes that tests start: Node runs it at once, where it would spend a second on
 * compiling the source.
 *
 * @param source the path of its source in this project
 */
export function compiledModule(source: string): string {
  return fileURLToPath(new URL(source.replace(/\.ts$/, '.js'), build));
}
