import { print, terminalWidth } from './print.js';
import { wrapLine } from './wrapHelp.js';

/** Prints lines on stdout for people, in a terminal as wide as it is. */
export function printText(text: string): void {
  const width = terminalWidth();
  for (const line of text.split('\n')) print(width === null ? line : wrapLine(line, width));
}
