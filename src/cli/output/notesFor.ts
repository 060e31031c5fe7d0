import type { Command } from 'commander';

import { printsJson } from '../globalOptions.js';
import { note } from './print.js';

/** How a command prints notes on stderr; with --json each is a line of JSON, as errors are. */
export function notesFor(command: Command): (notes: readonly string[]) => void {
  return notes => {
    const json = printsJson(command);
    for (const text of notes) note(json ? JSON.stringify({ note: text }) : `note: ${text}`);
  };
}
