import type { Dispatch } from '../../dispatch.js';
import { type Group, groupOf, type PendingStep } from './group.js';
import { endingNote } from './groupWords.js';
import { plannedDispatches } from './plannedGroup.js';

/** A row of a list: a dispatch, or the group that it is part of. */
export interface ListRow {
  readonly dispatch: Dispatch;
  readonly group: Group | null;
  /** What the group runs; of a dispatch itself. */
  readonly parts: readonly Dispatch[];
}

/** The rows of a list in which each group is one. */
export interface GroupRows {
  /** The row of a dispatch, or of its group; null when the group has its row. */
  rowOf(dispatch: Dispatch): ListRow | null;
  /** What should be done about the groups so far: sentences. */
  notes(nowMs: number): string[];
}

/** Collects the rows of a list. A group whose rule cannot be evaluated, as in a zone that this Node.js does not know, has a row for each dispatch. */
export function groupRows(): GroupRows {
  const rows = new Map<string, ListRow>();
  const steps = new Map<string, PendingStep>();
  return {
    rowOf(dispatch) {
      const found = groupOf(dispatch.payload);
      const alone = { dispatch, group: null, parts: [dispatch] };
      if (found === null) return alone;
      const { group, step } = found;
      if (step !== null) steps.set(group.id, step);
      if (rows.has(group.id)) return null;
      try {
        const { microgridId, record } = dispatch;
        const createdMs = Date.parse(record.createTime);
        const row = { dispatch, group, parts: plannedDispatches(microgridId, group, record, createdMs) };
        rows.set(group.id, row);
        return row;
      } catch (error) {
        if (error instanceof RangeError) return alone;
        throw error;
      }
    },
    notes(nowMs) {
      const endings = [...rows.values()].flatMap(({ group }) => (group && endingNote(group, nowMs)) ?? []);
      const broken = [...steps].map(
        ([id, step]) =>
          `The step '${step}' of group ${id} is not done: a command is at it, or was broken off, and 'dispatch check' finishes or undoes it.`,
      );
      return [...endings, ...broken];
    },
  };
}
