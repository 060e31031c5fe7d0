import type { Dispatch } from '../../dispatch.js';
import { PlanError } from '../planError.js';
import type { PlanningClient } from '../planningClient.js';
import type { Group } from './group.js';
import type { LiveGroup } from './liveGroup.js';
import type { Common } from './planChanges.js';
import { type WriteGroupOptions, type WrittenGroup, writeGroup } from './writeGroup.js';

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
 * @throws PlanError ABORTED when another command changed the group at the same time; INTERNAL when the service stored something else.
 */
export async function changeGroup(
  client: PlanningClient,
  live: LiveGroup,
  change: GroupChange,
  options: WriteGroupOptions,
): Promise<LiveGroup | Dispatch> {
  const [group, common] = [
    { ...live.group, ...change.group },
    { ...live.common, ...change.common },
  ];
  const written = await writeGroup(client, live, { group, common, step: 'update' }, options);
  if (written.live === null) return client.get(written.ids.at(-1) ?? live.anchor.id);
  checkStored(written, group.id);
  return written.live;
}

/**
 * Checks that a service stored what was asked of it.
 *
 * @throws PlanError that names the dispatches that are otherwise.
 */
export function checkStored({ otherwise }: WrittenGroup, groupId: string): void {
  if (otherwise.length === 0) return;
  throw new PlanError(
    'INTERNAL',
    `The service stored group ${groupId} otherwise than was asked: dispatches ${otherwise.join(', ')}.`,
  );
}
