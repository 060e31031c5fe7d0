import type { Dispatch } from '../../dispatch.js';
import type { JsonValue } from '../../model/dispatchRecord.js';
import type { PlanningClient } from '../planningClient.js';
import { withoutGroup } from './group.js';
import type { Common } from './planChanges.js';

/** Key of the payload of a copy that names the dispatch, or the group, that was copied. */
export const COPY_OF = '_copyOf';

/**
 * Creates a copy of a dispatch, or of a run of a group, that starts now and runs once.
 *
 * @param copied what is copied, without its rule.
 * @param durationMs null: the run has no end.
 */
export function copyNow(
  client: PlanningClient,
  { type, selector, dryRun, payload }: Common,
  {
    copyOf,
    durationMs,
    note,
  }: { readonly copyOf: JsonValue; readonly durationMs: number | null; readonly note?: string | undefined },
): Promise<Dispatch> {
  const own = { ...withoutGroup(payload), [COPY_OF]: copyOf };
  return client.create({ type, startTime: 'NOW', durationMs, selector, dryRun, payload: own }, { note });
}
