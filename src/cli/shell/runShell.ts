import { createInterface, type Interface } from 'node:readline';
import type { ReadStream } from 'node:tty';
import { runWithin } from '../commandSignal.js';
import { pc } from '../output/colours.js';
import { note } from '../output/print.js';
import type { Completion } from './completeLine.js';
import { HISTORY_SIZE, type ShellHistory } from './shellHistory.js';
import { splitLine } from './splitLine.js';

/** What a shell needs. */
export interface ShellOptions {
  /** Runs a command; returns its exit code. */
  run(words: readonly string[]): Promise<number>;
  complete(line: string): Promise<Completion>;
  /** Opened where there is a terminal. */
  openHistory(): ShellHistory;
  readonly input: NodeJS.ReadableStream;
  /** Where the prompt and what is typed are shown. */
  readonly output: NodeJS.WritableStream;
}

/** Exit code of a line that ends the shell. */
const EXIT = 'exit';

/**
 * Runs the commands of its input, one a line. In a terminal lines are edited, and Ctrl-C ends the command that runs; elsewhere they are taken
 * as they are, and each that fails is told.
 *
 * @returns Exit code: that of the first command that failed; in a terminal 0.
 */
export function runShell(options: ShellOptions): Promise<number> {
  return (options.input as Partial<ReadStream>).isTTY ? runInTerminal(options) : runLines(options);
}

async function runLines({ input, run }: ShellOptions): Promise<number> {
  const { signal } = new AbortController();
  let [number, failure] = [0, 0];
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    number += 1;
    const code = await runLine(line, signal, run);
    if (code === EXIT) break;
    if (code !== 0) note(`line ${number}: exit code ${code}`);
    failure ||= code;
  }
  return failure;
}

async function runInTerminal({ input, output, run, complete, openHistory }: ShellOptions): Promise<number> {
  const history = openHistory();
  const reader = createInterface({
    input,
    output,
    terminal: true,
    history: [...history.lines],
    historySize: HISTORY_SIZE,
    removeHistoryDuplicates: true,
    completer: (line: string, done: (error: null, completion: Completion) => void) =>
      void complete(line).then(completion => done(null, completion)),
  });
  const nextLine = lineQueue(reader);
  reader.on('SIGINT', () => {
    output.write('^C\n');
    clearLine(reader);
  });
  let code = 0;
  for (;;) {
    reader.setPrompt(code === 0 ? 'dispatch> ' : `dispatch ${pc.red(`[${code}]`)}> `);
    const line = await nextLine();
    if (line === null) output.write('\n');
    if (line === null) break;
    history.add(line);
    const outcome = await withoutEditing(reader, input as ReadStream, signal => runLine(line, signal, run));
    if (outcome === EXIT) break;
    code = outcome;
  }
  reader.close();
  return 0;
}

async function runLine(line: string, signal: AbortSignal, run: ShellOptions['run']): Promise<number | typeof EXIT> {
  if (line.trimStart().startsWith('#')) return 0;
  let words: readonly string[];
  try {
    words = splitLine(line);
  } catch (error) {
    note(`error: ${(error as Error).message}`);
    return 2;
  }
  // As lines are written in the documentation.
  if (words[0] === 'dispatch') words = words.slice(1);
  if (words.length === 0) return 0;
  if (words[0] === 'exit' || words[0] === 'quit') {
    if (words.length === 1) return EXIT;
    note(`error: ${words[0]} takes no arguments`);
    return 2;
  }
  return runWithin(signal, () => run(words));
}

/** Runs a command while the terminal is as it is outside of the shell; Ctrl-C aborts the signal. */
async function withoutEditing<T>(
  reader: Interface,
  input: ReadStream,
  command: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const interrupted = new AbortController();
  const interrupt = () => interrupted.abort();
  reader.pause();
  input.setRawMode(false);
  // What is typed for a prompt of the command must not become a line, which the history would keep.
  const keyListeners = input.listeners('keypress') as (() => void)[];
  input.removeAllListeners('keypress');
  process.on('SIGINT', interrupt);
  try {
    return await command(interrupted.signal);
  } finally {
    process.off('SIGINT', interrupt);
    for (const listener of keyListeners) input.on('keypress', listener);
    input.setRawMode(true);
  }
}

/** The lines that were typed, also while a command ran; null when there are no more. It prompts when it has to wait. */
function lineQueue(reader: Interface): () => Promise<string | null> {
  const typed: (string | null)[] = [];
  let deliver: ((line: string | null) => void) | undefined;
  const add = (line: string | null) => {
    if (deliver === undefined) typed.push(line);
    else deliver(line);
    deliver = undefined;
  };
  reader.on('line', add);
  reader.on('close', () => add(null));
  return () => {
    const line = typed.shift();
    if (line !== undefined) return Promise.resolve(line);
    reader.prompt();
    return new Promise(resolve => {
      deliver = resolve;
    });
  };
}

/** By the keys that do it. */
function clearLine(reader: Interface): void {
  reader.write(null, { ctrl: true, name: 'e' });
  reader.write(null, { ctrl: true, name: 'u' });
}
