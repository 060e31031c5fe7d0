import type { LiveGroup } from './liveGroup.js';
import { type Change, planChanges } from './planChanges.js';
import type { GroupGoal } from './stepMark.js';

/**
 * The writes after which a group is what it is to become. A deletion ends with the anchor.
 *
 * @param live null: the group is created.
 * @throws RangeError when the rule cannot be expressed in UTC.
 */
export function planGoal({ group, common, step }: GroupGoal, live: LiveGroup | null, nowMs: number): Change[] {
  if (step !== 'delete') return planChanges(group, common, live?.records ?? [], nowMs);
  if (live === null) return [];
  const { anchor, records } = live;
  return [...records.filter(({ id }) => id !== anchor.id), anchor].map(record => ({ kind: 'delete', record }));
}
