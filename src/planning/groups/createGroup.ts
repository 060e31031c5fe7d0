import { InvalidPlan, PlanError } from '../planError.js';
import type { PlanningClient } from '../planningClient.js';
import type { Group } from './group.js';
import { type LiveGroup, readGroup } from './liveGroup.js';
import { type Change, type Common, planChanges } from './planChanges.js';
import { writeGroup } from './writeGroup.js';

/**
 * Plans the creations of a group.
 *
 * @throws InvalidPlan when all its runs are over.
 * @throws RangeError when the rule cannot be expressed in UTC.
 */
export function planCreation(group: Group, common: Common, nowMs: number): Change[] {
  const changes = planChanges(group, common, [], nowMs);
  if (changes.length === 0) throw new InvalidPlan('No run is to come: the end is in the past.');
  return changes;
}

/**
 * Creates the dispatches of a group, from the last one to the first. When one fails, those before it are deleted.
 *
 * @throws DispatchError of the write that failed; its message says what was not undone.
 */
export async function createGroup(
  client: PlanningClient,
  group: Group,
  changes: readonly Change[],
  options: { readonly note?: string | undefined } = {},
): Promise<LiveGroup> {
  await writeGroup(client, group, changes, { step: 'create', ...options });
  const live = await readGroup(client, group.id);
  if (live === null) throw new PlanError('INTERNAL', `The service does not list group ${group.id}, which it created.`);
  return live;
}
