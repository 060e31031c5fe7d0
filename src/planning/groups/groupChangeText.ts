import type { LiveGroup } from './liveGroup.js';
import type { Change } from './planChanges.js';
import { planGoal } from './planGoal.js';

/**
 * Says what of a group is not what its rule means, by the write that repairs it.
 *
 * @param nameOf the name of a dispatch by its id; without it the id
 */
export function groupChangeText(change: Change, nameOf: (id: number) => string = String): string {
  if (change.kind === 'create') return `one from ${change.dispatch.startTime.toISOString()} is missing`;
  if (change.kind === 'delete') return `${nameOf(change.record.id)} is too much`;
  return `${nameOf(change.record.id)} differs in ${Object.keys(change.changes).join(' and ')}`;
}

/**
 * What repairs a group: its dispatches may not be what its rule means, because another program changed them, or the zone data have changed.
 *
 * @throws RangeError when the rule cannot be expressed in UTC.
 */
function repairsOf(live: LiveGroup, nowMs: number): Change[] {
  return live.step === null ? planGoal({ ...live, step: 'update' }, live, nowMs) : [];
}

/** The writes that create the dispatches of a group that are missing; none when the rule cannot be evaluated. */
export function missingParts(live: LiveGroup, nowMs: number): Change[] {
  return knownRepairs(live, nowMs).filter(({ kind }) => kind === 'create');
}

/**
 * The writes that make a group what its rule means, whatever step is not done; none when the rule cannot be evaluated, as in a zone that this runtime
 * does not know.
 */
export function knownRepairs(live: LiveGroup, nowMs: number): Change[] {
  try {
    return planGoal({ ...live, step: 'update' }, live, nowMs);
  } catch (error) {
    if (error instanceof RangeError) return [];
    throw error;
  }
}

/** A sentence that announces the repairs that come with a change of a group; none when there is nothing to repair. */
export function repairNotes(live: LiveGroup, nowMs: number): string[] {
  const repairs = repairsOf(live, nowMs);
  if (repairs.length === 0) return [];
  return [
    `Group ${live.group.id} is not what its rule means (${repairs.map(change => groupChangeText(change)).join(', ')}): this is repaired as well.`,
  ];
}
