import { type ChildProcess, execFileSync, type SpawnOptions, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** Options of {@link startProcessGroup}. */
export interface ProcessGroupOptions extends Pick<SpawnOptions, 'stdio'> {
  /** Variables of its environment that it must have, beside those of this process. */
  readonly required?: Readonly<Record<string, string>>;
  /** Variables of its environment that it may lack. */
  readonly variables: Readonly<Record<string, string>>;
  /** Told which variables are left out, because the system does not take them: they are too large, or hold U+0000. */
  readonly onLeftOut: (name: string) => void;
}

/**
 * Starts a shell command as the leader of a process group of its own, so that the programs which the shell starts can be ended with
 * it, and a Ctrl-C in the terminal does not reach it.
 *
 * The system limits each variable of the environment (Linux: 128 KiB) and all together. Where they do not fit, the largest are left out.
 *
 * @throws Error when the system refuses it at once; other failures are events `error` of the process.
 */
export function startProcessGroup(
  commandLine: string,
  { stdio, required, variables, onLeftOut }: ProcessGroupOptions,
): ChildProcess {
  const names = Object.keys(variables).sort((a, b) => sizeOf(a) - sizeOf(b));
  const passed = names.filter(name => !variables[name]?.includes('\0'));
  for (;;) {
    // What is left out must not be inherited either.
    const env = { ...process.env, ...required, ...Object.fromEntries(names.map(name => [name, undefined])) };
    for (const name of passed) env[name] = variables[name];
    try {
      const child = spawn(commandLine, { stdio, env, shell: true, detached: true });
      for (const name of names) if (!passed.includes(name)) onLeftOut(name);
      return child;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'E2BIG' || passed.pop() === undefined) throw error;
    }
  }

  function sizeOf(name: string): number {
    return Buffer.byteLength(variables[name] ?? '');
  }
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
