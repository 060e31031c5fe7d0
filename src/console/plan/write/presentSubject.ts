import { DispatchError } from '../../../model/dispatchError.js';
import type { DispatchRecord } from '../../../model/dispatchRecord.js';
import { groupOf } from '../../../planning/groups/group.js';
import { readGroup } from '../../../planning/groups/liveGroup.js';
import { settledGroup } from '../../../planning/groups/settledGroup.js';
import type { PlanningClient } from '../../../planning/planningClient.js';
import { type ExistingSubject, type PlanSubject, recordsOf } from '../fields/planSubject.js';

/** Reads a subject as the service has it now; null: it is gone. A step of a group that was broken off is finished or undone before. */
export async function presentSubject(
  client: PlanningClient,
  subject: ExistingSubject,
  nowMs: number,
): Promise<ExistingSubject | null> {
  const group = subject.kind === 'group' ? await presentGroup(client, subject.live.group.id, nowMs) : null;
  if (group !== null) return group;
  // Another program may have made it part of a group, or of a group a dispatch.
  for (const { id } of recordsOf(subject)) {
    const record = await presentRecord(client, id);
    const groupId = record === null ? undefined : groupOf(record.payload)?.group.id;
    if (record !== null)
      return groupId === undefined ? { kind: 'dispatch', record } : presentGroup(client, groupId, nowMs);
  }
  return null;
}

/** Reads a dispatch; null: it does not exist. */
export async function presentRecord(client: PlanningClient, id: number): Promise<DispatchRecord | null> {
  try {
    return (await client.get(id)).record;
  } catch (error) {
    if (error instanceof DispatchError && error.code === 'NOT_FOUND') return null;
    throw error;
  }
}

/** Whether two readings of a subject are the same dispatches in the same versions. */
export function isSameVersion(a: PlanSubject, b: PlanSubject): boolean {
  return versionsText(a) === versionsText(b);
}

async function presentGroup(client: PlanningClient, id: string, nowMs: number): Promise<ExistingSubject | null> {
  const live = await readGroup(client, id, nowMs);
  const settled = live && (await settledGroup(client, live, { say: () => {} }));
  return settled && { kind: 'group', live: settled };
}

function versionsText(subject: PlanSubject): string {
  return recordsOf(subject)
    .map(({ id, updateTime }) => `${id} ${updateTime}`)
    .sort()
    .join();
}
