import { join } from 'node:path';
import envPaths from 'env-paths';

/**
 * Path of a file in the user's data folder of the operating system; on Linux `$XDG_DATA_HOME/xstate-dispatch`, by default
 * `~/.local/share/xstate-dispatch`.
 */
export function dataFile(name: string): string {
  return join(envPaths('xstate-dispatch', { suffix: '' }).data, name);
}
