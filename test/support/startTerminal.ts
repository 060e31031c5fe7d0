import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { stripVTControlCharacters } from 'node:util';
import { vi } from 'vitest';
import { quoteWord } from '../../src/cli/shell/splitLine.js';

/** A program that runs in a terminal. */
export interface RunningInTerminal extends AsyncDisposable {
  /** Types keys. */
  type(keys: string): void;
  /**
   * Waits until the terminal shows something behind what was waited for before; returns what it shows between the two. What it shows is
   * without control characters, and with line feeds only.
   */
  shows(wanted: string | RegExp): Promise<string>;
  /** All that it has shown, as it came. */
  raw(): string;
  /** Its exit code. */
  readonly ended: Promise<number | null>;
}

/** What is missing for a terminal, or null. */
export function missingTerminal(): string | null {
  return missingProgram('script');
}

/** That a program is missing, or null. */
export function missingProgram(name: string): string | null {
  try {
    execFileSync('which', [name], { stdio: 'ignore' });
    return null;
  } catch {
    return `needs ${name}`;
  }
}

/** Starts a program in a pseudo terminal, by `script` of util-linux. */
export function startTerminal(
  words: readonly string[],
  {
    env = {},
    columns = 100,
    cwd,
  }: { readonly env?: Record<string, string>; readonly columns?: number; readonly cwd?: string } = {},
): RunningInTerminal {
  const line = `stty cols ${columns} rows 30; exec ${words.map(quoteWord).join(' ')}`;
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(DISPATCH_|FREQUENZ_|NO_COLOR|COLUMNS)/.test(name),
  );
  const child = spawn('script', ['--quiet', '--return', '--flush', '--command', line, '/dev/null'], {
    cwd,
    env: { ...Object.fromEntries(inherited), SHELL: '/bin/sh', TERM: 'xterm', ...env },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const ended = once(child, 'close').then(([code]) => {
    process.off('exit', kill);
    return code as number | null;
  });
  let raw = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    raw += text;
  });
  let seen = 0;
  const shows = async (wanted: string | RegExp) => {
    let found = '';
    await vi.waitFor(
      () => {
        const text = stripVTControlCharacters(raw).replaceAll('\r', '');
        const rest = text.slice(seen);
        const match = typeof wanted === 'string' ? rest.indexOf(wanted) : rest.search(wanted);
        if (match < 0) throw new Error(`the terminal does not show ${wanted}, but ${JSON.stringify(rest)}`);
        const length = typeof wanted === 'string' ? wanted.length : (wanted.exec(rest)?.[0].length ?? 0);
        found = rest.slice(0, match + length);
        seen += found.length;
      },
      { timeout: 20_000, interval: 20 },
    );
    return found;
  };
  return {
    type: keys => void child.stdin.write(keys),
    shows,
    raw: () => raw,
    ended,
    [Symbol.asyncDispose]: () => end(child, ended),
  };
}

/** Ends a program by closing its terminal, of which the system tells it. To `script`, SIGTERM would be two seconds of patience. */
async function end(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  await ended;
}
