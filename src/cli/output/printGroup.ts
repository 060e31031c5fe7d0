import type { Command } from 'commander';

import { Dispatch } from '../../dispatch.js';
import { groupJson } from '../../planning/groups/groupWords.js';
import type { LiveGroup } from '../../planning/groups/liveGroup.js';
import { printsJson } from '../globalOptions.js';
import { groupText } from './groupText.js';
import { printJson } from './print.js';
import { printResult } from './printResult.js';
import { printText } from './printText.js';

/** Prints a group, or the dispatch that is none any more, and the outcome of the command, or with --json its data. */
export function printGroup(command: Command, live: LiveGroup | Dispatch, outcome?: string): void {
  if (live instanceof Dispatch) {
    printResult(command, live, outcome);
    return;
  }
  if (printsJson(command)) {
    printJson(groupJson(live));
    return;
  }
  printText(groupText(live, Date.now()));
  if (outcome !== undefined) printText(outcome);
}
