import pc from 'picocolors';

import type { Dispatch } from '../../dispatch.js';
import { selectorToText } from '../selectorText.js';
import { dispatchState, nextRunText, stateStyle } from './dispatchState.js';
import { durationText, payloadText, recurrenceText } from './dispatchText.js';
import { printable } from './print.js';
import type { Column } from './rowPrinter.js';
import { timeText } from './timeText.js';

/** Maximum width of targets, rules and payloads; `get` and `--json` print them whole. */
const MAX_TEXT_WIDTH = 48;
const MIN_TEXT_WIDTH = 10;
const text = { maxWidth: MAX_TEXT_WIDTH, minWidth: MIN_TEXT_WIDTH };

/** Names of the columns of a list, in the order in which they are printed by default. */
export const DEFAULT_COLUMNS = ['id', 'type', 'state', 'start', 'duration', 'target', 'recurrence', 'payload'] as const;

/** Names of all columns of a list. */
export const COLUMN_NAMES = [...DEFAULT_COLUMNS, 'next', 'end', 'created', 'updated'] as const;

/** Name of a column of a list. */
export type ColumnName = (typeof COLUMN_NAMES)[number];

/** Columns of a list of dispatches, as of a time. */
export function dispatchColumns(names: readonly ColumnName[], nowMs: number): Column<Dispatch>[] {
  const columns: Record<ColumnName, Omit<Column<Dispatch>, 'name'>> = {
    id: { text: ({ id }) => `${id}`, style: pc.bold, alignRight: true },
    type: { text: ({ type, dryRun }) => `${printable(type)}${dryRun ? ' (dry run)' : ''}`, minWidth: MIN_TEXT_WIDTH },
    state: {
      text: dispatch => dispatchState(dispatch, nowMs).text,
      style: (cell, dispatch) => stateStyle(dispatchState(dispatch, nowMs))(cell),
      ...text,
    },
    start: { text: ({ startTime }) => timeText(startTime) },
    duration: { text: durationText },
    target: { text: ({ selector }) => selectorToText(selector), ...text },
    recurrence: { text: recurrenceText, ...text },
    payload: { text: ({ payload }) => payloadText(payload), ...text },
    next: { text: dispatch => nextRunText(dispatchState(dispatch, nowMs), nowMs) },
    end: { text: ({ endTime }) => (endTime === null ? 'none' : timeText(endTime)) },
    created: { text: ({ createTime }) => timeText(createTime) },
    updated: { text: ({ updateTime }) => timeText(updateTime) },
  };
  return names.map(name => ({ name, ...columns[name] }));
}
