import type { Dispatch } from '../../dispatch.js';
import { neverRuns, nextRunText } from '../../planning/dispatchState.js';
import { groupOf, withoutGroup } from '../../planning/groups/group.js';
import { type ListRow, rowTimes } from '../../planning/groups/groupRows.js';
import { groupDurationText, groupRuleText, groupState } from '../../planning/groups/groupWords.js';
import { selectorToText } from '../../planning/selectorText.js';
import { printable } from '../../planning/text/printable.js';
import { timeText } from '../../planning/timeText.js';
import { pc } from './colours.js';
import { durationText, payloadText, recurrenceText } from './dispatchText.js';
import type { Column } from './rowPrinter.js';
import { stateStyle } from './stateText.js';

/** Maximum width of targets and payloads; `get` and `--json` print them whole. */
const MAX_TEXT_WIDTH = 48;
const MIN_TEXT_WIDTH = 10;
const text = { maxWidth: MAX_TEXT_WIDTH, minWidth: MIN_TEXT_WIDTH };

/** Names of the columns of a list, in the order in which they are printed by default. */
export const DEFAULT_COLUMNS = ['id', 'type', 'state', 'start', 'duration', 'target', 'recurrence', 'payload'] as const;

/** Names of all columns of a list. */
export const COLUMN_NAMES = [...DEFAULT_COLUMNS, 'next', 'end', 'created', 'updated'] as const;

/** Name of a column of a list. */
export type ColumnName = (typeof COLUMN_NAMES)[number];

/** Columns of a list of dispatches and groups, as of a time. */
export function dispatchColumns(names: readonly ColumnName[], nowMs: number): Column<ListRow>[] {
  const stateOf = ({ parts, missing }: ListRow) => groupState(parts, nowMs, missing);
  const columns: Record<ColumnName, Omit<Column<ListRow>, 'name'>> = {
    id: { text: ({ dispatch, group }) => group?.id ?? `${dispatch.id}`, style: pc.bold, alignRight: true },
    type: {
      text: ({ dispatch: { type, dryRun } }) => `${printable(type)}${dryRun ? ' (dry run)' : ''}`,
      minWidth: MIN_TEXT_WIDTH,
    },
    state: { text: row => stateOf(row).text, style: (cell, row) => stateStyle(stateOf(row))(cell), ...text },
    start: { text: row => timeText(rowTimes.startTime(row)) },
    duration: { text: ({ dispatch, group }) => (group === null ? durationText(dispatch) : groupDurationText(group)) },
    target: { text: ({ dispatch }) => selectorToText(dispatch.selector), ...text },
    recurrence: {
      text: ({ dispatch, group }) => (group === null ? recurrenceText(dispatch) : groupRuleText(group)),
      minWidth: MIN_TEXT_WIDTH,
    },
    payload: {
      text: ({ dispatch }) =>
        payloadText(groupOf(dispatch.payload) === null ? dispatch.payload : withoutGroup(dispatch.payload)),
      ...text,
    },
    next: { text: row => nextRunText(stateOf(row), nowMs) },
    end: { text: ({ parts }) => endText(parts) },
    created: { text: row => timeText(rowTimes.createTime(row)) },
    updated: { text: row => timeText(rowTimes.updateTime(row)) },
  };
  return names.map(name => ({ name, ...columns[name] }));
}

/** The last end of all; `none` when one has no end, or none runs. */
function endText(parts: readonly Dispatch[]): string {
  const ends = parts
    .filter(part => !neverRuns(part))
    .map(({ endTime }) => endTime?.getTime() ?? Number.POSITIVE_INFINITY);
  const lastMs = Math.max(...ends);
  return Number.isFinite(lastMs) ? timeText(new Date(lastMs)) : 'none';
}
