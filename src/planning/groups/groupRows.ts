import { Dispatch } from '../../dispatch.js';
import { type Group, groupOf, type PendingStep } from './group.js';
import { missingParts } from './groupChangeText.js';
import { partsOf } from './groupParts.js';
import { endingNote } from './groupWords.js';
import { type LiveGroup, liveGroup } from './liveGroup.js';

/** A row of a list: a dispatch, or the group that it is part of. */
export interface ListRow {
  readonly dispatch: Dispatch;
  readonly group: Group | null;
  /** The dispatches of the group; of a dispatch itself. */
  readonly parts: readonly Dispatch[];
  /** Number of the dispatches of the group that are missing. */
  readonly missing: number;
}

/** The rows of a list in which each group is one. */
export interface GroupRows {
  /** The rows that a dispatch completes: its own, or that of its group when all dispatches of the group are there. */
  rowsOf(dispatch: Dispatch): readonly ListRow[];
  /**
   * The rows of the groups that are left.
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
  const alone = (dispatch: Dispatch): ListRow => ({ dispatch, group: null, parts: [dispatch], missing: 0 });
  const rowOf = (live: LiveGroup): ListRow => {
    const { group, anchor, records } = live;
    const missing = missingParts(live, nowMs);
    printed.set(group.id, group);
    if (missing > 0) incomplete.add(group.id);
    return { dispatch: new Dispatch(anchor), group, parts: records.map(record => new Dispatch(record)), missing };
  };
  return {
    rowsOf(dispatch) {
      const found = groupOf(dispatch.payload);
      if (found === null || !isEvaluable(found.group)) return [alone(dispatch)];
      const { group, step } = found;
      if (step !== null) steps.set(group.id, step);
      if (printed.has(group.id)) return [];
      const parts = [...(waiting.get(group.id) ?? []), dispatch];
      waiting.set(group.id, parts);
      const live = mayBeWhole(parts)
        ? liveGroup(
            parts.map(({ record }) => record),
            nowMs,
          )
        : null;
      if (live === null || missingParts(live, nowMs) > 0) return [];
      waiting.delete(group.id);
      return [rowOf(live)];
    },
    async rest(read) {
      const listed = [...waiting.values()].map(parts => parts.map(({ record }) => record));
      const groups =
        read === undefined || waiting.size === 0
          ? listed.flatMap(records => liveGroup(records, nowMs) ?? [])
          : await read(id => waiting.has(id));
      return groups.map(rowOf);
    },
    notes() {
      const endings = [...printed.values()].flatMap(group => endingNote(group, nowMs) ?? []);
      const broken = [...steps].map(
        ([id, step]) =>
          `The step '${step}' of group ${id} is not done: a command is at it, or was broken off, and 'dispatch check' finishes or undoes it.`,
      );
      const left = [...incomplete].filter(id => !steps.has(id));
      const gaps = left.map(id => `Group ${id} is incomplete: 'dispatch check' names what is missing, and repairs it.`);
      return [...endings, ...broken, ...gaps];
    },
  };
}

/** Whether the last part of a group is there, and all between it and the first that is there: those before may be over. */
function mayBeWhole(parts: readonly Dispatch[]): boolean {
  const numbers = parts.map(({ payload }) => (groupOf(payload)?.part ?? '').split('/').map(Number));
  const own = new Set(numbers.map(([number = 0]) => number));
  const first = Math.min(...own);
  return numbers.every(([, count = 0]) => own.has(count) && own.size === count - first + 1);
}

function canBeEvaluated(group: Group): boolean {
  try {
    return partsOf(group).length >= 0;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}
