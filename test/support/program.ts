import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { compiledFolder } from './compiled.js';

/** How a program ended. */
export interface ProgramResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program that runs. It is killed when it is disposed of. */
export interface RunningProgram extends AsyncDisposable {
  readonly pid: number;
  /** The next line that it prints; rejects when it ends before. */
  line(): Promise<string>;
  /** Writes a line to its standard input. */
  write(line: string): void;
  kill(): Promise<void>;
  readonly ended: Promise<ProgramResult>;
}

/** Starts a JavaScript module, which can import this package by its name, as a process of its own. */
export function startProgram(source: string, args: readonly string[] = []): RunningProgram {
  return startProcess(['--input-type=module', '--eval', source, '--', ...args], { cwd: compiledFolder });
}

/** Starts Node with arguments, in a folder. */
export function startProcess(args: readonly string[], { cwd }: { cwd: string }): RunningProgram {
  const child = spawn(process.execPath, args, { cwd, stdio: 'pipe' });
  const killWithParent = () => child.kill('SIGKILL');
  process.once('exit', killWithParent);
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', data => {
    stdout += data;
  });
  child.stderr.on('data', data => {
    stderr += data;
  });
  // Who writes to a program that has ended hears of it where the answer is awaited.
  child.stdin.on('error', () => {});
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ended = once(child, 'close').then(([code]) => {
    process.off('exit', killWithParent);
    return { code: code as number | null, stdout, stderr };
  });
  const kill = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  return {
    pid: child.pid ?? 0,
    ended,
    kill,
    write: line => void child.stdin.write(`${line}\n`),
    async line() {
      const { value, done } = await lines.next();
      if (done) throw new Error(`the program ended: ${(await ended).stderr}`);
      return value;
    },
    [Symbol.asyncDispose]: kill,
  };
}

/** Runs a JavaScript module to its end, as a process of its own. */
export function runProgram(source: string): Promise<ProgramResult> {
  return startProgram(source).ended;
}
