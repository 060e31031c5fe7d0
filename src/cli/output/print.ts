import { once } from 'node:events';

import { printable } from '../../planning/text/printable.js';
import { giveWay } from '../giveWay.js';
import { hideProgress } from './progress.js';

/** Prints a line on stdout: the result of the command. */
export function print(line: string): void {
  if (process.stdout.isTTY) hideProgress();
  process.stdout.write(`${line}\n`);
}

/** Prints a value on stdout as a line of JSON, which does not control the terminal. */
export function printJson(value: unknown): void {
  print(printable(JSON.stringify(value)));
}

/**
 * Resolves when stdout takes more: what its reader has not read yet would fill the memory. Meanwhile signals have their turn.
 *
 * @throws the reason of the abort when the command was ended in a shell.
 */
export async function drained(): Promise<void> {
  await giveWay();
  if (process.stdout.writableNeedDrain) await once(process.stdout, 'drain');
}

/** Resolves when stdout has taken what was printed. Rejects when it cannot be written. */
export async function written(): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    process.stdout.write('', error => (error ? reject(error) : resolve()));
  });
}

/** Width of the terminal on stdout; null where it is none, or has none. */
export function terminalWidth(): number | null {
  return (process.stdout.isTTY && process.stdout.columns) || null;
}

/** Prints a line on stderr: errors, warnings and progress. Whatever it quotes does not control the terminal. */
export function note(line: string): void {
  hideProgress();
  process.stderr.write(`${printable(oneLine(line))}\n`);
}

/** Joins the lines of a text. */
function oneLine(text: string): string {
  return text.replace(/\s*[\r\n]+\s*/g, ' ').trim();
}
