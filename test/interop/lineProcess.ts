import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { projectRoot } from '../support/compiled.js';

/** A process that has not ended by itself so long after it was asked to is killed. */
const endTimeoutMs = 20_000;

/** How long a line may be waited for, on a machine with much else to do. */
const lineTimeoutMs = 60_000;

/** A child process that writes lines. Disposing of it asks it to end and waits for that. */
export interface LineProcess extends AsyncDisposable {
  /** What it wrote to standard output so far. */
  readonly lines: readonly string[];
  /** Writes a line to its standard input. */
  write(line: string): void;
  /**
   * Waits until `find` finds something in its lines, and returns that.
   *
   * @throws Error with all that the process wrote, when it ends or 60 s pass before.
   */
  until<T>(find: (lines: readonly string[]) => T | undefined): Promise<T>;
  /** Kills it at once. */
  kill(): Promise<void>;
}

/** Starts a program, by default in the root of the project. It ends with this process at the latest. */
export function startProcess(command: string, args: readonly string[], cwd = projectRoot): LineProcess {
  const child = spawn(command, args, { cwd, stdio: 'pipe' });
  const killWithParent = () => child.kill('SIGKILL');
  process.once('exit', killWithParent);
  const ended = once(child, 'close').finally(() => process.off('exit', killWithParent));

  // Who writes to a program that has ended hears of it where the answer is awaited.
  child.stdin.on('error', () => {});

  const lines: string[] = [];
  const errors: string[] = [];
  const watchers = new Set<() => void>();
  const output = createInterface({ input: child.stdout });
  output.on('line', line => {
    lines.push(line);
    for (const look of watchers) look();
  });
  createInterface({ input: child.stderr }).on('line', line => errors.push(line));
  const silent = once(output, 'close');

  const transcript = () => [`${command} ${args.join(' ')}:`, ...lines, ...errors].join('\n  ');

  return {
    lines,
    write: line => void child.stdin.write(`${line}\n`),
    until: find =>
      new Promise((resolve, reject) => {
        const settle = (outcome: () => void) => {
          watchers.delete(look);
          clearTimeout(timer);
          outcome();
        };
        const look = () => {
          const found = find(lines);
          if (found !== undefined) settle(() => resolve(found));
        };
        const giveUp = (reason: string) => settle(() => reject(new Error(`${reason}\n${transcript()}`)));
        const timer = setTimeout(() => giveUp('the process did not say in time what was waited for'), lineTimeoutMs);
        watchers.add(look);
        look();
        void silent.then(() => giveUp('the process ended before it said what was waited for'));
      }),
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), endTimeoutMs);
      await ended;
      clearTimeout(timer);
    },
  };
}
