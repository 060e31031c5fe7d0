import type { MicrogridClient } from '../../client/microgridClient.js';
import type { Dispatch } from '../../dispatch.js';
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
 */
export async function changeGroup(
  client: MicrogridClient,
  live: LiveGroup,
  { group, common }: GroupChange,
  options: { readonly note?: string | undefined } = {},
): Promise<LiveGroup | Dispatch> {
  const changed = { ...live.group, ...group };
  const changes = planChanges(changed, { ...live.common, ...common }, live.records, Date.now());
  const [id = live.anchor.id] = await writeGroup(client, changed, changes, { step: 'update', ...options });
  return (await readGroup(client, changed.id)) ?? client.get(id);
}
