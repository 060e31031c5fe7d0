import type { Command } from 'commander';

import type { Dispatch } from '../../dispatch.js';
import { printsJson } from '../globalOptions.js';
import { dispatchText } from './dispatchText.js';
import { printJson } from './print.js';
import { printText } from './printText.js';

/** Prints a dispatch in full and the outcome of the command, or with --json its data. */
export function printResult(command: Command, dispatch: Dispatch, outcome?: string): void {
  if (printsJson(command)) {
    printJson(dispatch);
    return;
  }
  printText(dispatchText(dispatch, Date.now()));
  if (outcome !== undefined) printText(outcome);
}
