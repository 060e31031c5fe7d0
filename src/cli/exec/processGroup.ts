import { type ChildProcess, execFileSync, type SpawnOptions, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

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
export function signalProcessGroup(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

/**
 * Whether a group has processes that have not ended. On Linux one that nobody waits for, as in a container without an init
 * process, counts as ended.
 */
export function hasProcesses(pid: number): boolean {
  if (!signalProcessGroup(pid, 0)) return false;
  if (process.platform !== 'linux') return true;
  return readdirSync('/proc').some(name => {
    if (!/^\d+$/.test(name)) return false;
    const [state = 'X', , group] = statFields(Number(name)) ?? [];
    return group === `${pid}` && !'ZX'.includes(state);
  });
}

/**
 * When a process was started, in the words of the system, which tell it from another one that gets the same id later; null when there
 * is none. Linux counts from the boot, so the boot is part of it.
 */
export function processStartedAt(pid: number): string | null {
  if (process.platform !== 'linux') {
    return textOf(() => execFileSync('ps', ['-o', 'lstart=', '-p', `${pid}`], { encoding: 'utf8' }));
  }
  const fields = statFields(pid);
  return fields && `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${fields[19]}`;
}

/** The fields of a process in `proc(5)` from its state on: state, parent, group and so on; null when there is none. */
function statFields(pid: number): string[] | null {
  const stat = textOf(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  // The name of the program before them is in parentheses and may hold any character.
  return stat === null ? null : stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/** The text; null when it is empty or cannot be read, because the process has ended. */
function textOf(read: () => string): string | null {
  try {
    return read().trim() || null;
  } catch {
    return null;
  }
}
