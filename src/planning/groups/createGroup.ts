import { InvalidPlan, PlanError } from '../planError.js';
import type { PlanningClient } from '../planningClient.js';
import type { Group } from './group.js';
import type { LiveGroup } from './liveGroup.js';
import { type Common, planChanges } from './planChanges.js';
import { type WriteGroupOptions, type WrittenGroup, writeGroup } from './writeGroup.js';

/**
 * Checks that a group can be created.
 *
 * @throws InvalidPlan when all its runs are over.
 * @throws RangeError when the rule cannot be expressed in UTC.
 */
export function checkCreation(group: Group, common: Common, nowMs: number): void {
  if (planChanges(group, common, [], nowMs).length > 0) return;
  throw new InvalidPlan('No run is to come: the end is in the past.');
}

/**
 * Creates the dispatches of a group, from the last one to the first. When one fails, those before it are deleted.
 *
 * @throws DispatchError of the write that failed; its message says what was not undone.
 */
export async function createGroup(
  client: PlanningClient,
  group: Group,
  common: Common,
  options: WriteGroupOptions,
): Promise<WrittenGroup & { readonly live: LiveGroup }> {
  const { live, ...written } = await writeGroup(client, null, { group, common, step: 'create' }, options);
  if (live === null) throw new PlanError('INTERNAL', `The service does not list group ${group.id}, which it created.`);
  return { ...written, live };
}
