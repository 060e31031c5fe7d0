import { isGroupId } from '../../planning/groups/group.js';
import type { TargetId } from '../../planning/groups/targets.js';
import { parseIds } from './parseValue.js';
import { UsageError } from './usageError.js';

/** How help describes ids. */
export const TARGET_IDS =
  'ids or ranges: 7, 1,2,3, 1-3 or 1..3; or the id of a group; the id of one of its dispatches means the group';

/** How help describes an id. */
export const TARGET_ID = 'id of the dispatch, or of a group or of one of its dispatches';

/** Parses ids of dispatches, as `parseIds`, and of groups, in one of several arguments. */
export function parseTargetIds(text: string, previous: readonly TargetId[] = []): readonly TargetId[] {
  const parts = text.split(',').map(part => {
    const lower = part.trim().toLowerCase();
    return isGroupId(lower) ? lower : part.trim();
  });
  const mistaken = parts.find(part => /^g[\da-z]*$/i.test(part) && !isGroupId(part));
  if (mistaken !== undefined) {
    throw new UsageError(`${mistaken} is no id of a group: that is g and eight hexadecimal digits, such as g9601d3a6.`);
  }
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
