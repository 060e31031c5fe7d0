import type { JsonObject } from '../../model/dispatchRecord.js';
import { GROUP_KEY } from '../../planning/groups/group.js';
import { parsePayload } from '../../planning/text/parsePayload.js';
import { UsageError } from './usageError.js';

/** Parses a payload, as far as it is the user's: what it tells of a group is not. */
export function parseOwnPayload(text: string): JsonObject {
  const payload = parsePayload(text);
  if (!Object.hasOwn(payload, GROUP_KEY)) return payload;
  throw new UsageError(`It must not have the key ${GROUP_KEY}, which is reserved: it tells of a group.`);
}
