import { Dispatch } from '../dispatch.js';
import type { DispatchRecord } from '../model/dispatchRecord.js';
import { PlanError } from './planError.js';
import { type Asked, ignoredFields, lastEndMs } from './planNotes.js';
import type { PlanningClient } from './planningClient.js';

/** What a planner gives of a dispatch; the rest is the service's. */
export type DispatchPlan = Pick<
  DispatchRecord,
  'type' | 'startTimeMs' | 'durationMs' | 'selector' | 'active' | 'dryRun' | 'payload' | 'recurrence'
>;

/** Takes the plan of a dispatch. */
export function planOf({
  type,
  startTimeMs,
  durationMs,
  selector,
  active,
  dryRun,
  payload,
  recurrence,
}: DispatchPlan): DispatchPlan {
  return { type, startTimeMs, durationMs, selector, active, dryRun, payload, recurrence };
}

/** A dispatch that was not created; its id is 0. */
export function plannedDispatch(microgridId: number, plan: DispatchPlan): Dispatch {
  const now = `${new Date().toISOString().slice(0, 23)}000000Z`;
  return new Dispatch({
    id: 0,
    microgridId,
    ...planOf(plan),
    createTime: now,
    updateTime: now,
    endTimeMs: lastEndMs(plan),
  });
}

/** Whether a microgrid has no dispatches. */
export async function isEmpty(client: PlanningClient): Promise<boolean> {
  for await (const { dispatches, problems } of client.listPages({ pageSize: 1 })) {
    return dispatches.length + problems.length === 0;
  }
  return true;
}

/**
 * Checks that a service stored what was asked of it.
 *
 * @throws PlanError that names the fields that it left aside.
 */
export function checkAnswer(asked: Asked, { id, record }: Dispatch): void {
  const ignored = ignoredFields(asked, record);
  if (ignored.length === 0) return;
  throw new PlanError(
    'INTERNAL',
    `The service stored another ${ignored.join(', ')} for dispatch ${id} than was asked.`,
  );
}
