import { Dispatch } from '../../dispatch.js';
import { type Group, groupOf, type PendingStep } from './group.js';
import { missingParts } from './groupChangeText.js';
import { partsOf } from './groupParts.js';
import { endingNote, firstRunOf, stepNote } from './groupWords.js';
import { type LiveGroup, liveGroup } from './liveGroup.js';
import { endOf } from './partTimes.js';

/** A row of a list: a dispatch, or the group that it is part of. */
export interface ListRow {
  readonly dispatch: Dispatch;
  readonly group: Group | null;
  /** The dispatches of the group; of a dispatch itself. */
  readonly parts: readonly Dispatch[];
  /** Number of the dispatches of the group that are missing. */
  readonly missing: number;
}

/** The times that a list shows of a row, and by which it is sorted. */
export const rowTimes = {
  startTime: ({ dispatch, group, parts }: ListRow) => (group && firstRunOf(parts)) ?? dispatch.startTime,
  createTime: ({ dispatch }: ListRow) => dispatch.createTime,
  updateTime: ({ dispatch }: ListRow) => dispatch.updateTime,
};

/** The order of rows. */
export interface RowOrder {
  readonly field: keyof typeof rowTimes;
  readonly order?: 'ascending' | 'descending';
}

/** The rows of a list in which each group is one. */
export interface GroupRows {
  /** Places the rows of groups among those of the dispatches to come, which are in this order; their dispatches have no rows then. */
  place(groups: readonly LiveGroup[], order: RowOrder): void;
  /**
   * The rows that a dispatch completes: those of placed groups that come before it, its own, or that of its group when all dispatches of the
   * group are there.
   */
  rowsOf(dispatch: Dispatch): readonly ListRow[];
  /**
   * The rows of the groups that are left: of those that were placed, then of the others.
   *
   * @param read reads groups whose other dispatches may have been left out of the list; undefined: nothing was left out.
   */
  rest(
    read: ((isWanted: (id: string) => boolean) => Promise<readonly LiveGroup[]>) | undefined,
  ): Promise<readonly ListRow[]>;
  /** What should be done about the groups so far: sentences. */
  notes(): string[];
}

/**
 * Collects the rows of a list. A group whose rule cannot be evaluated, as in a zone that this runtime does not know, has a row for each dispatch.
 */
export function groupRows(nowMs: number): GroupRows {
  const waiting = new Map<string, Dispatch[]>();
  const printed = new Map<string, Group>();
  const steps = new Map<string, PendingStep>();
  const incomplete = new Set<string>();
  const evaluable = new Map<string, boolean>();
  const isEvaluable = (group: Group) => {
    const known = evaluable.get(group.id) ?? canBeEvaluated(group);
    evaluable.set(group.id, known);
    return known;
  };
  const rowOf = (live: LiveGroup): ListRow => {
    const row = toRow(live, nowMs);
    printed.set(live.group.id, live.group);
    if (row.missing > 0) incomplete.add(live.group.id);
    return row;
  };
  const placed = new Set<string>();
  let upcoming: { readonly live: LiveGroup; readonly key: number }[] = [];
  let order: RowOrder | null = null;
  const placedRow = ({ live }: (typeof upcoming)[number]) => {
    if (live.step !== null) steps.set(live.group.id, live.step);
    return rowOf(live);
  };
  const placedBefore = (dispatch: Dispatch): readonly ListRow[] => {
    if (order === null || upcoming.length === 0) return [];
    const own = keyOf(alone(dispatch), order);
    const next = upcoming.findIndex(({ key }) => key > own);
    return upcoming.splice(0, next === -1 ? upcoming.length : next).map(placedRow);
  };
  const completed = (dispatch: Dispatch): readonly ListRow[] => {
    const found = groupOf(dispatch.payload);
    if (found === null || !isEvaluable(found.group)) return [alone(dispatch)];
    const { group, step } = found;
    if (placed.has(group.id)) return [];
    if (step !== null) steps.set(group.id, step);
    if (printed.has(group.id)) return [];
    const parts = [...(waiting.get(group.id) ?? []), dispatch];
    waiting.set(group.id, parts);
    const records = parts.map(({ record }) => record);
    const live = mayBeWhole(parts, group, nowMs) ? liveGroup(records, nowMs) : null;
    if (live === null || missingParts(live, nowMs).length > 0) return [];
    waiting.delete(group.id);
    return [rowOf(live)];
  };
  return {
    place(groups, by) {
      order = by;
      const own = groups.filter(({ group }) => isEvaluable(group));
      for (const { group } of own) placed.add(group.id);
      upcoming = own.map(live => ({ live, key: keyOf(toRow(live, nowMs), by) })).sort((a, b) => a.key - b.key);
    },
    rowsOf(dispatch) {
      return [...placedBefore(dispatch), ...completed(dispatch)];
    },
    async rest(read) {
      const last = upcoming.splice(0).map(placedRow);
      const listed = [...waiting.values()].map(parts => parts.map(({ record }) => record));
      const groups =
        read === undefined || waiting.size === 0
          ? listed.flatMap(records => liveGroup(records, nowMs) ?? [])
          : await read(id => waiting.has(id));
      return [...last, ...groups.map(rowOf)];
    },
    notes() {
      const endings = [...printed.values()].flatMap(group => endingNote(group, nowMs) ?? []);
      const broken = [...steps].map(([id, step]) => stepNote(id, step));
      const left = [...incomplete].filter(id => !steps.has(id));
      const gaps = left.map(id => `Group ${id} is incomplete: 'dispatch check' names what is missing, and repairs it.`);
      return [...endings, ...broken, ...gaps];
    },
  };
}

/** Ascends in the order. */
function keyOf(row: ListRow, { field, order }: RowOrder): number {
  return rowTimes[field](row).getTime() * (order === 'descending' ? -1 : 1);
}

function alone(dispatch: Dispatch): ListRow {
  return { dispatch, group: null, parts: [dispatch], missing: 0 };
}

function toRow(live: LiveGroup, nowMs: number): ListRow {
  const { group, anchor, records } = live;
  const parts = records.map(record => new Dispatch(record));
  return { dispatch: new Dispatch(anchor), group, parts, missing: missingParts(live, nowMs).length };
}

/** Whether the last part of a group is there, and all between it and the first that is there, and those before are over. */
function mayBeWhole(parts: readonly Dispatch[], group: Group, nowMs: number): boolean {
  const numbers = parts.map(({ payload }) => (groupOf(payload)?.part ?? '').split('/').map(Number));
  const own = new Set(numbers.map(([number = 0]) => number));
  const first = Math.min(...own);
  const isWhole = numbers.every(([, count = 0]) => own.has(count) && own.size === count - first + 1);
  const before = isWhole ? partsOf(group).slice(0, first - 1) : [];
  return isWhole && before.every(part => endOf(part) <= nowMs);
}

function canBeEvaluated(group: Group): boolean {
  try {
    return partsOf(group).length >= 0;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}
