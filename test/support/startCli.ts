import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { compiledFolder, compiledModule } from './compiled.js';

/** How a command ended. */
export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that runs. */
export interface RunningCli extends AsyncDisposable {
  /** The next line on stdout, or on stderr; rejects when it ends before. */
  line(stream?: 'stdout' | 'stderr'): Promise<string>;
  /** Interrupts it; returns how it ended. */
  stop(signal?: NodeJS.Signals): Promise<CliResult>;
  /** Sends it a signal that does not end it. */
  kill(signal: NodeJS.Signals): void;
  /** How it ends. */
  readonly ended: Promise<CliResult>;
}

/** The program of the `dispatch` command, for Node. */
export const dispatchProgram = compiledModule('src/cli/main.ts');

/** Starts the `dispatch` command as a process of its own, with no settings but those given. */
export function startCli(args: readonly string[], env: Record<string, string> = {}): RunningCli {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('DISPATCH_'));
  const child = spawn(process.execPath, [dispatchProgram, ...args], {
    cwd: compiledFolder,
    env: { ...Object.fromEntries(inherited), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const killWithParent = () => child.kill('SIGKILL');
  process.once('exit', killWithParent);
  const streams = { stdout: readLines(child, 'stdout'), stderr: readLines(child, 'stderr') };
  const ended = once(child, 'close').then(([code]) => {
    process.off('exit', killWithParent);
    return { code: code as number | null, stdout: streams.stdout.text(), stderr: streams.stderr.text() };
  });
  const stop = (signal: NodeJS.Signals = 'SIGTERM') => {
    child.kill(signal);
    return ended;
  };
  return {
    ended,
    stop,
    kill: signal => void child.kill(signal),
    line: (stream = 'stdout') =>
      streams[stream].next().catch(async () => {
        const { code, stdout, stderr } = await ended;
        throw new Error(`no more lines on ${stream}: the command ended with code ${code} after\n${stdout}${stderr}`);
      }),
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) await stop('SIGKILL');
    },
  };
}

function readLines(child: ChildProcess, name: 'stdout' | 'stderr') {
  const lines: string[] = [];
  const waiting: { resolve: (line: string) => void; reject: () => void }[] = [];
  let taken = 0;
  let closed = false;
  const stream = child[name];
  if (stream === null) throw new Error(`${name} is not piped`);
  const reader = createInterface({ input: stream });
  reader.on('line', line => {
    lines.push(line);
    const next = waiting.shift();
    if (next === undefined) return;
    taken += 1;
    next.resolve(line);
  });
  reader.on('close', () => {
    closed = true;
    for (const { reject } of waiting) reject();
  });
  return {
    text: () => lines.map(line => `${line}\n`).join(''),
    next: () =>
      new Promise<string>((resolve, reject) => {
        const line = lines[taken];
        if (line !== undefined) {
          taken += 1;
          resolve(line);
        } else if (closed) reject();
        else waiting.push({ resolve, reject });
      }),
  };
}
