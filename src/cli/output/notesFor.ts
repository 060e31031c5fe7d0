import type { Command } from 'commander';

import { printsJson } from '../globalOptions.js';
import { note } from './print.js';

/** How a command prints notes on stderr; with --json it prints none, because programs do not read them. */
export function notesFor(command: Command): (notes: readonly string[]) => void {
  return notes => {
    if (printsJson(command)) return;
    for (const text of notes) note(`note: ${text}`);
  };
}
