import Table from 'cli-table3';
import pc from 'picocolors';

import type { Dispatch } from '../../dispatch.js';
import { selectorToText } from '../selectorText.js';
import { dispatchState, stateText } from './dispatchState.js';
import { durationText, payloadText, recurrenceText } from './dispatchText.js';
import { printable } from './print.js';
import { timeText } from './timeText.js';

/** Maximum length of targets, rules and payloads; `get` and `--json` print them whole. */
const MAX_CELL_LENGTH = 48;

/** Formats dispatches as a table, one per row. */
export function dispatchTable(dispatches: readonly Dispatch[], nowMs: number): string {
  const table = new Table({
    head: ['ID', 'TYPE', 'STATE', 'START', 'DURATION', 'TARGET', 'RECURRENCE', 'PAYLOAD'].map(name => pc.dim(name)),
    chars: NO_LINES,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2 },
    colAligns: ['right'],
  });
  for (const dispatch of dispatches) {
    table.push([
      pc.bold(`${dispatch.id}`),
      `${printable(dispatch.type)}${dispatch.dryRun ? pc.dim(' (dry run)') : ''}`,
      stateText(dispatchState(dispatch, nowMs)),
      timeText(dispatch.startTime),
      durationText(dispatch),
      cut(selectorToText(dispatch.selector)),
      cut(recurrenceText(dispatch)),
      cut(payloadText(dispatch.payload)),
    ]);
  }
  return table
    .toString()
    .split('\n')
    .map(line => line.trimEnd())
    .join('\n');
}

const NO_LINES = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '',
};

function cut(text: string): string {
  return text.length <= MAX_CELL_LENGTH ? text : `${text.slice(0, MAX_CELL_LENGTH - 1)}…`;
}
