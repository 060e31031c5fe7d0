import type { Dispatch } from '../../dispatch.js';
import { PlanError } from '../planError.js';
import type { PlanningClient } from '../planningClient.js';
import type { Group } from './group.js';
import { type LiveGroup, readGroup } from './liveGroup.js';
import { type Common, planChanges } from './planChanges.js';
import { writeGroup } from './writeGroup.js';

/** What is to change of a group. */
export interface GroupChange {
  readonly group?: Partial<Omit<Group, 'id'>>;
  readonly common?: Partial<Pick<Common, 'selector' | 'active' | 'payload'>>;
}

/**
 * Changes a group: its dispatches become what it then means.
 *
 * @returns the group as it is then, or the dispatch that is none any more: one without skipped runs.
 * @throws RangeError when the rule cannot be expressed in UTC.
 * @throws PlanError when the service stored something else.
 */
export async function changeGroup(
  client: PlanningClient,
  live: LiveGroup,
  { group, common }: GroupChange,
  options: { readonly note?: string | undefined } = {},
): Promise<LiveGroup | Dispatch> {
  const [changed, shared, nowMs] = [{ ...live.group, ...group }, { ...live.common, ...common }, Date.now()];
  const changes = planChanges(changed, shared, live.records, nowMs);
  const [id = live.anchor.id] = await writeGroup(client, changed, changes, { step: 'update', ...options });
  const stored = await readGroup(client, changed.id);
  if (stored === null) return client.get(id);
  checkStored(stored, changed, shared, nowMs);
  return stored;
}

/**
 * Checks that a service stored what was asked of it.
 *
 * @param nowMs the time as of which it was asked.
 * @throws PlanError that names the dispatches that are otherwise.
 */
export function checkStored({ records }: LiveGroup, group: Group, common: Common, nowMs: number): void {
  const changes = planChanges(group, common, records, nowMs);
  if (changes.length === 0) return;
  const ids = changes.flatMap(change => (change.kind === 'create' ? [] : [change.record.id]));
  const which = ids.length === 0 ? '' : `: dispatches ${ids.join(', ')}`;
  throw new PlanError('INTERNAL', `The service stored group ${group.id} otherwise than was asked${which}.`);
}
