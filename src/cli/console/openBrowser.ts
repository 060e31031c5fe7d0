import { spawn } from 'node:child_process';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * How the browser of the user is opened on this machine.
 *
 * @returns the command and its arguments before the address; null when there is no display to open it on.
 */
export function browserCommand(platform: NodeJS.Platform, env: Environment): readonly [string, ...string[]] | null {
  if (platform === 'darwin') return ['open'];
  // Of the ways to it, the one without a shell, which would read the address.
  if (platform === 'win32') return ['rundll32', 'url.dll,FileProtocolHandler'];
  return env.DISPLAY || env.WAYLAND_DISPLAY ? ['xdg-open'] : null;
}

/** Opens an address in the browser of the user. Returns whether a browser was asked to. */
export async function openBrowser(url: string): Promise<boolean> {
  const command = browserCommand(process.platform, process.env);
  if (command === null) return false;
  const [program, ...args] = command;
  const child = spawn(program, [...args, url], { stdio: 'ignore', detached: true });
  return await new Promise(resolve => {
    child.once('error', () => resolve(false));
    child.once('spawn', () => {
      child.unref();
      resolve(true);
    });
  });
}
