import type { DispatchRecord } from '../../model/dispatchRecord.js';
import type { PlanningClient } from '../planningClient.js';
import { type Group, groupOf, type PendingStep, withoutGroup } from './group.js';
import type { Common } from './planChanges.js';

/** A group as a service has it. */
export interface LiveGroup {
  readonly group: Group;
  readonly common: Common;
  /** The step that was broken off; null: none. */
  readonly step: PendingStep | null;
  /** The dispatch that knows of the step; the first one without a step. */
  readonly anchor: DispatchRecord;
  /** By start time. */
  readonly records: readonly DispatchRecord[];
}

/** Reads a group; null when no dispatch belongs to it. */
export async function readGroup(client: PlanningClient, id: string): Promise<LiveGroup | null> {
  const [found] = await readGroups(client, part => part === id);
  return found ?? null;
}

/** Reads the groups of a microgrid. */
export async function readGroups(
  client: PlanningClient,
  isWanted: (id: string) => boolean = () => true,
): Promise<LiveGroup[]> {
  const recordsOf = new Map<string, DispatchRecord[]>();
  for await (const { dispatches } of client.listPages({ recurring: true })) {
    for (const record of dispatches) {
      const id = groupOf(record.payload)?.group.id;
      if (id !== undefined && isWanted(id)) recordsOf.set(id, [...(recordsOf.get(id) ?? []), record]);
    }
  }
  return [...recordsOf.values()].flatMap(records => liveGroup(records) ?? []);
}

/** A group of the dispatches that it has; null without any. */
export function liveGroup(unordered: readonly DispatchRecord[]): LiveGroup | null {
  const records = [...unordered].sort((a, b) => a.startTimeMs - b.startTimeMs || a.id - b.id);
  const parts = records.flatMap(record => {
    const part = groupOf(record.payload);
    return part === null ? [] : [{ ...part, record }];
  });
  // During a step only one dispatch has what the group is to be.
  const truth = parts.find(({ step }) => step !== null) ?? parts.at(-1);
  if (truth === undefined) return null;
  const { group, step, record } = truth;
  return { group, common: commonOf(record), step, anchor: record, records };
}

/** What a dispatch has in common with the others of its group. */
export function commonOf({ type, selector, active, dryRun, payload }: DispatchRecord): Common {
  return { type, selector, active, dryRun, payload: withoutGroup(payload) };
}
