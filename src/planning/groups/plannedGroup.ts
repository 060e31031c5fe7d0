import type { Dispatch } from '../../dispatch.js';
import { plannedDispatch } from '../planned.js';
import type { Group } from './group.js';
import { partsOf } from './groupParts.js';
import type { LiveGroup } from './liveGroup.js';
import { fromNow } from './partTimes.js';
import type { Common } from './planChanges.js';

/**
 * A group that was not created; the ids of its dispatches are 0.
 *
 * @param atMs - when it would be: runs before are left out. Default: none is.
 */
export function plannedGroup(
  microgridId: number,
  group: Group,
  common: Common,
  atMs = Number.NEGATIVE_INFINITY,
): LiveGroup {
  const records = plannedDispatches(microgridId, group, common, atMs).map(({ record }) => record);
  const [anchor] = records;
  if (anchor === undefined) throw new Error(`group ${group.id} has no part`);
  return { group, common, step: null, by: null, anchor, records };
}

/** The dispatches that a group means when it is created at an instant, without runs before it; their ids are 0. */
function plannedDispatches(microgridId: number, group: Group, common: Common, atMs: number): Dispatch[] {
  const parts = partsOf(group).flatMap(part => fromNow(part, atMs) ?? []);
  return parts.map(({ startTimeMs, durationMs, rule }) =>
    plannedDispatch(microgridId, { ...common, startTimeMs, durationMs, recurrence: rule }),
  );
}
