import { join } from 'node:path';
import envPaths from 'env-paths';

/**
 * A file in the folder that the system has for data of the user's programs: of Linux `$XDG_DATA_HOME/xstate-dispatch`,
 * by default `~/.local/share/xstate-dispatch`.
 */
export function dataFile(name: string): string {
  return join(envPaths('xstate-dispatch', { suffix: '' }).data, name);
}
