import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';

/**
 * Starts a shell command as the leader of a process group of its own, so that the programs which the shell starts can be ended with
 * it, and a Ctrl-C in the terminal does not reach it.
 */
export function startProcessGroup(commandLine: string, options: Pick<SpawnOptions, 'env' | 'stdio'>): ChildProcess {
  return spawn(commandLine, { ...options, shell: true, detached: true });
}

/**
 * Sends a signal to all processes of a group. Returns false when there are none.
 *
 * @param pid Process id of the leader, which may have ended before the others.
 */
export function signalProcessGroup(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}
