import { homedir } from 'node:os';

// It asks for the home folder when it is loaded, and fails where there is none, as for the user that systemd makes for a unit.
if (!hasHome()) process.env.HOME = '/';
const { default: envPaths } = await import('env-paths');

/**
 * A folder of this program, of the present user: for data on Linux `$XDG_DATA_HOME/xstate-dispatch`, by default
 * `~/.local/share/xstate-dispatch`.
 */
export function userFolder(kind: 'data' | 'config'): string {
  return envPaths('xstate-dispatch', { suffix: '' })[kind];
}

function hasHome(): boolean {
  try {
    return homedir() !== '';
  } catch {
    return false;
  }
}
