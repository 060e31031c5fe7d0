import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';

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

/** `sent`: at least one process of the group gets the signal. `none`: there is no process. `refused`: it is not allowed for any of them. */
export type SignalOutcome = 'sent' | 'none' | 'refused';

/**
 * Sends a signal to all processes of a group; 0 only asks whether there are any.
 *
 * @param pid Process id of the leader, which may have ended before the others.
 */
export function signalProcessGroup(pid: number, signal: NodeJS.Signals | 0): SignalOutcome {
  try {
    process.kill(-pid, signal);
    return 'sent';
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ESRCH') return 'none';
    // As with `sudo`: what is left runs as another user.
    if (code === 'EPERM') return 'refused';
    throw error;
  }
}
