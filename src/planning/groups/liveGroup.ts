import type { DispatchRecord } from '../../model/dispatchRecord.js';
import type { PlanningClient } from '../planningClient.js';
import { type Group, groupOf, type PendingStep, withoutGroup } from './group.js';
import type { Common } from './planChanges.js';

/** A group as a service has it. */
export interface LiveGroup {
  readonly group: Group;
  readonly common: Common;
  /** The step that a command is at, or that was broken off; null: none. */
  readonly step: PendingStep | null;
  /** Which command is at the step; null without one. */
  readonly by: string | null;
  /** The dispatch that says what the group is, and knows of a step: commands that change a group at the same time meet at it. */
  readonly anchor: DispatchRecord;
  /** By start time. */
  readonly records: readonly DispatchRecord[];
}

/** Reads a group; null when no dispatch belongs to it. */
export async function readGroup(client: PlanningClient, id: string, nowMs: number): Promise<LiveGroup | null> {
  const [found] = await readGroups(client, nowMs, part => part === id);
  return found ?? null;
}

/** Reads the groups of a microgrid. */
export async function readGroups(
  client: PlanningClient,
  nowMs: number,
  isWanted: (id: string) => boolean = () => true,
): Promise<LiveGroup[]> {
  const recordsOf = new Map<string, DispatchRecord[]>();
  for await (const { dispatches } of client.listPages({ recurring: true })) {
    for (const record of dispatches) {
      const id = groupOf(record.payload)?.group.id;
      if (id !== undefined && isWanted(id)) recordsOf.set(id, [...(recordsOf.get(id) ?? []), record]);
    }
  }
  return [...recordsOf.values()].flatMap(records => liveGroup(records, nowMs) ?? []);
}

/**
 * Reads a group again that was read a moment ago: its dispatches, then what has changed since, with those that have become its own. In this
 * order no dispatch is missed that is older than the newest one that is found.
 */
export async function readAgain(
  client: PlanningClient,
  { group: { id }, records }: Pick<LiveGroup, 'group' | 'records'>,
  nowMs: number,
): Promise<LiveGroup | null> {
  const latestMs = Math.max(...records.map(({ updateTime }) => Date.parse(updateTime)));
  const found = new Map<number, DispatchRecord>();
  for (const options of [{ ids: records.map(record => record.id) }, { updateFrom: new Date(latestMs) }]) {
    for await (const { dispatches } of client.listPages(options)) {
      for (const record of dispatches) found.set(record.id, record);
    }
  }
  const own = [...found.values()].filter(({ payload }) => groupOf(payload)?.group.id === id);
  return liveGroup(own, nowMs);
}

/** A group of the dispatches that it has; null without any. */
export function liveGroup(unordered: readonly DispatchRecord[], nowMs: number): LiveGroup | null {
  const records = [...unordered].sort((a, b) => a.startTimeMs - b.startTimeMs || a.id - b.id);
  const parts = records
    .flatMap(record => {
      const part = groupOf(record.payload);
      return part === null ? [] : [{ ...part, record }];
    })
    .sort((a, b) => a.record.id - b.record.id);
  // What is over does not change any more. Of the others the first to be created is also the last to be deleted.
  const truth =
    parts.find(({ step }) => step !== null) ?? parts.find(({ record }) => !isOver(record, nowMs)) ?? parts[0];
  if (truth === undefined) return null;
  const { group, step, by, record } = truth;
  return { group, common: commonOf(record), step, by, anchor: record, records };
}

/** Whether the last run of a dispatch is over, as its service calculated it. */
export function isOver({ endTimeMs }: DispatchRecord, nowMs: number): boolean {
  return endTimeMs !== null && endTimeMs <= nowMs;
}

/** What a dispatch has in common with the others of its group. */
export function commonOf({ type, selector, active, dryRun, payload }: DispatchRecord): Common {
  return { type, selector, active, dryRun, payload: withoutGroup(payload) };
}
