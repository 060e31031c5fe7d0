import type { JsonObject } from '../../model/dispatchRecord.js';
import { jsonEquals } from '../../model/jsonEquals.js';
import { selectorEquals } from '../../model/selector.js';
import { PlanError } from '../planError.js';
import { ignoredFields } from '../planNotes.js';
import { type Group, groupOf } from './group.js';
import { commonOf, isOver, type LiveGroup } from './liveGroup.js';
import type { Common } from './planChanges.js';
import type { GroupGoal } from './stepMark.js';

/** The error of a command that met another one at a group. */
export function overtaken(groupId: string): PlanError {
  return new PlanError(
    'ABORTED',
    `Another command changed group ${groupId} at the same time: look at what it is now before you try again.`,
  );
}

/**
 * Whether another command changed a group after it was read.
 *
 * @param known the group as it was read.
 * @param live the group as it is.
 * @param own ids of the dispatches that were written since then.
 */
export function isChangedSince(known: LiveGroup, live: LiveGroup, own: readonly number[]): boolean {
  const versions = ({ records }: LiveGroup) =>
    records.filter(({ id }) => !own.includes(id)).map(({ id, updateTime }) => `${id} ${updateTime}`);
  return versions(known).sort().join() !== versions(live).sort().join();
}

/** Whether another command changed the anchor before it was marked: the mark itself leaves its schedule, and writes what the goal says. */
export function isAnchorChanged({ anchor }: LiveGroup, live: LiveGroup, { common, step }: GroupGoal): boolean {
  const { startTimeMs, durationMs, recurrence } = anchor;
  const { selector, active } = step === 'delete' ? anchor : common;
  return ignoredFields({ startTimeMs, durationMs, recurrence, selector, active }, live.anchor).length > 0;
}

/**
 * What the dispatches of a group agree on, as they do when a command is done with it; null when they do not, or there are none.
 *
 * @param own ids of the dispatches that are left aside.
 */
export function agreement({ records }: LiveGroup, own: readonly number[], nowMs: number): GroupGoal | null {
  const others = records.filter(record => !own.includes(record.id) && !isOver(record, nowMs));
  const [first, ...more] = others.flatMap(record => {
    const part = groupOf(record.payload);
    return part === null ? [] : [{ group: part.group, common: commonOf(record) }];
  });
  if (first === undefined || !more.every(other => isSameGoal(other, first))) return null;
  return { ...first, step: 'update' };
}

type Meaning = Pick<GroupGoal, 'group' | 'common'>;

/** Whether two groups, and what their dispatches have in common, are the same. */
export function isSameGoal(a: Meaning, b: Meaning): boolean {
  return isSameGroup(a.group, b.group) && isSameCommon(a.common, b.common);
}

function isSameGroup(a: Group, b: Group): boolean {
  return jsonEquals({ ...a } as unknown as JsonObject, { ...b } as unknown as JsonObject);
}

function isSameCommon(a: Common, b: Common): boolean {
  const { type, dryRun, selector, active, payload } = a;
  return (
    type === b.type &&
    dryRun === b.dryRun &&
    active === b.active &&
    selectorEquals(selector, b.selector) &&
    jsonEquals(payload, b.payload)
  );
}
