import type { MicrogridClient } from '../../client/microgridClient.js';
import { DispatchError } from '../../model/dispatchError.js';
import { parseIds } from '../input/parseValue.js';
import { UsageError } from '../input/usageError.js';
import { finishStep } from './finishStep.js';
import { groupOf, isGroupId } from './group.js';
import { type LiveGroup, readGroup, readGroups } from './liveGroup.js';

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

/** How help describes ids. */
export const TARGET_IDS =
  'ids or ranges: 7, 1,2,3, 1-3 or 1..3; or the id of a group; the id of one of its dispatches means the group';

/** Parses ids of dispatches, as `parseIds`, and of groups, in one of several arguments. */
export function parseTargetIds(text: string, previous: readonly TargetId[] = []): readonly TargetId[] {
  const parts = text.split(',').map(part => part.trim());
  const numbers = parts.filter(part => !isGroupId(part));
  const before = previous.filter(id => typeof id === 'number');
  const ids = numbers.length === 0 ? before : parseIds(numbers.join(','), before);
  const groups = [...previous.filter(id => typeof id === 'string'), ...parts.filter(isGroupId)];
  return [...ids, ...new Set(groups)];
}

/** Parses the id of a dispatch or of a group. */
export function parseTargetId(text: string): TargetId {
  const [id, second] = parseTargetIds(text);
  if (id !== undefined && second === undefined) return id;
  throw new UsageError('It must be one id.');
}

/** The maximum number of ids in one list. */
const MAX_LISTED = 1_000;

/**
 * Finds what ids mean. A step of a group that was broken off is finished or undone before.
 *
 * @param say Tells of that, and of dispatches that are part of a group.
 */
export async function findTargets(
  client: MicrogridClient,
  ids: readonly TargetId[],
  say: (notes: readonly string[]) => void,
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
  for (const [id, group] of groupOfId) {
    if (!ids.includes(group)) say([`Dispatch ${id} is part of group ${group}, which is taken as a whole.`]);
  }
  const wanted = new Set([...ids.filter(id => typeof id === 'string'), ...groupOfId.values()]);
  const found = new Map<string, LiveGroup>();
  if (wanted.size > 0) {
    for (const live of await readGroups(client, id => wanted.has(id))) {
      const whole = await finished(client, live, say);
      if (whole !== null) found.set(whole.group.id, whole);
    }
  }
  return {
    ids: [...new Set(ids.map(id => (typeof id === 'number' ? (groupOfId.get(id) ?? id) : id)))],
    groupOf: id => (typeof id === 'number' ? null : (found.get(id) ?? missing(client, id))),
  };
}

/** Formats an id; that of a group with the ids of its dispatches. */
export function targetText(id: TargetId, live: LiveGroup | null): string {
  return live === null ? `${id}` : `${id} (${live.records.map(record => record.id).join(', ')})`;
}

async function finished(
  client: MicrogridClient,
  live: LiveGroup,
  say: (notes: readonly string[]) => void,
): Promise<LiveGroup | null> {
  if (live.step === null) return live;
  say([await finishStep(client, live, Date.now())]);
  return readGroup(client, live.group.id);
}

function missing({ microgridId }: MicrogridClient, id: string): never {
  throw new DispatchError('NOT_FOUND', `group ${id} does not exist in microgrid ${microgridId}`, { microgridId });
}
