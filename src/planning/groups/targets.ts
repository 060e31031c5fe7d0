import { DispatchError } from '../../model/dispatchError.js';
import type { PlanningClient } from '../planningClient.js';
import { pendingStepNotes } from './finishStep.js';
import { groupOf } from './group.js';
import { type LiveGroup, readGroups } from './liveGroup.js';
import { type SettleOptions, settledGroup } from './settledGroup.js';

/** The id of a dispatch, or of a group. */
export type TargetId = number | string;

/** What ids of a command mean. */
export interface Targets {
  /** The dispatches that are in no group, and the groups, each once. */
  readonly ids: readonly TargetId[];
  /**
   * The group of such an id; null for a dispatch.
   *
   * @throws DispatchError NOT_FOUND when the group does not exist.
   */
  groupOf(id: TargetId): LiveGroup | null;
}

/** The maximum number of ids in one list. */
const MAX_LISTED = 1_000;

/** Options of {@link findTargets}. */
export interface FindOptions extends SettleOptions {
  /** Whether nothing must be written, as by a command that only shows: a step that was broken off is told then. @default false */
  readonly readOnly?: boolean | undefined;
}

/**
 * Finds what ids mean. A step of a group that was broken off is finished or undone before.
 *
 * @param options.say - tells of that, and of dispatches that are part of a group.
 */
export async function findTargets(
  client: PlanningClient,
  ids: readonly TargetId[],
  options: FindOptions,
): Promise<Targets> {
  const numbers = ids.filter(id => typeof id === 'number');
  const groupOfId = new Map<number, string>();
  for (let first = 0; first < numbers.length; first += MAX_LISTED) {
    for await (const { dispatches } of client.listPages({ ids: numbers.slice(first, first + MAX_LISTED) })) {
      for (const { id, payload } of dispatches) {
        const group = groupOf(payload)?.group.id;
        if (group !== undefined) groupOfId.set(id, group);
      }
    }
  }
  for (const group of new Set(groupOfId.values())) {
    if (ids.includes(group)) continue;
    const parts = [...groupOfId].filter(([, own]) => own === group).map(([id]) => id);
    const which = parts.length === 1 ? `Dispatch ${parts[0]} is` : `Dispatches ${parts.join(', ')} are`;
    options.say([`${which} part of group ${group}, which is taken as a whole.`]);
  }
  const wanted = new Set([...ids.filter(id => typeof id === 'string'), ...groupOfId.values()]);
  const found = new Map<string, LiveGroup>();
  if (wanted.size > 0) {
    const nowMs = Date.now();
    for (const live of await readGroups(client, nowMs, id => wanted.has(id))) {
      if (options.readOnly) options.say(pendingStepNotes(live, nowMs));
      const whole = options.readOnly ? live : await settledGroup(client, live, options);
      if (whole !== null) found.set(whole.group.id, whole);
    }
  }
  // A step that was finished may have left a dispatch that is in no group any more.
  const targetOf = (id: TargetId) => {
    const group = typeof id === 'number' ? groupOfId.get(id) : undefined;
    return group !== undefined && found.has(group) ? group : id;
  };
  return {
    ids: [...new Set(ids.map(targetOf))],
    groupOf: id => (typeof id === 'number' ? null : (found.get(id) ?? missing(client, id))),
  };
}

/** Formats an id; that of a group with the ids of its dispatches. */
export function targetText(id: TargetId, live: LiveGroup | null): string {
  return live === null ? `${id}` : `${id} (${live.records.map(record => record.id).join(', ')})`;
}

function missing({ microgridId }: PlanningClient, id: string): never {
  throw new DispatchError('NOT_FOUND', `group ${id} does not exist in microgrid ${microgridId}`, { microgridId });
}
