import pc from 'picocolors';

import type { Dispatch } from '../../dispatch.js';
import { type Group, withoutGroup } from '../groups/group.js';
import { groupDurationText, groupRuleText, groupState } from '../groups/groupText.js';
import { selectorToText } from '../selectorText.js';
import { nextRunText, stateStyle } from './dispatchState.js';
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

/** A row of a list: a dispatch, or the group that it is part of. */
export interface ListRow {
  readonly dispatch: Dispatch;
  readonly group: Group | null;
  /** What the group runs; of a dispatch itself. */
  readonly parts: readonly Dispatch[];
}

/** Columns of a list of dispatches and groups, as of a time. */
export function dispatchColumns(names: readonly ColumnName[], nowMs: number): Column<ListRow>[] {
  const stateOf = ({ parts }: ListRow) => groupState(parts, nowMs);
  const columns: Record<ColumnName, Omit<Column<ListRow>, 'name'>> = {
    id: { text: ({ dispatch, group }) => group?.id ?? `${dispatch.id}`, style: pc.bold, alignRight: true },
    type: {
      text: ({ dispatch: { type, dryRun } }) => `${printable(type)}${dryRun ? ' (dry run)' : ''}`,
      minWidth: MIN_TEXT_WIDTH,
    },
    state: { text: row => stateOf(row).text, style: (cell, row) => stateStyle(stateOf(row))(cell), ...text },
    start: {
      text: ({ dispatch, group }) => timeText(group === null ? dispatch.startTime : new Date(group.startTimeMs)),
    },
    duration: { text: ({ dispatch, group }) => (group === null ? durationText(dispatch) : groupDurationText(group)) },
    target: { text: ({ dispatch }) => selectorToText(dispatch.selector), ...text },
    recurrence: {
      text: ({ dispatch, group }) => (group === null ? recurrenceText(dispatch) : groupRuleText(group)),
      ...text,
    },
    payload: { text: ({ dispatch }) => payloadText(withoutGroup(dispatch.payload)), ...text },
    next: { text: row => nextRunText(stateOf(row), nowMs) },
    end: { text: ({ parts }) => endText(parts) },
    created: { text: ({ dispatch }) => timeText(dispatch.createTime) },
    updated: { text: ({ dispatch }) => timeText(dispatch.updateTime) },
  };
  return names.map(name => ({ name, ...columns[name] }));
}

/** The last end of all; `none` when one has no end. */
function endText(parts: readonly Dispatch[]): string {
  const ends = parts.map(({ endTime }) => endTime?.getTime() ?? Number.POSITIVE_INFINITY);
  const lastMs = Math.max(...ends);
  return Number.isFinite(lastMs) ? timeText(new Date(lastMs)) : 'none';
}
