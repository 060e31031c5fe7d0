import type { Command } from 'commander';

import type { MicrogridClient } from '../../client/microgridClient.js';
import { Dispatch } from '../../dispatch.js';
import type { DispatchRecord } from '../../model/dispatchRecord.js';
import { printsJson } from '../globalOptions.js';
import { OperationFailed } from '../operationFailed.js';
import { note } from '../output/print.js';
import { type Asked, ignoredFields, lastEndMs } from './planNotes.js';

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

/** How a command prints notes on stderr; with --json it prints none, because programs do not read them. */
export function notesFor(command: Command): (notes: readonly string[]) => void {
  return notes => {
    if (printsJson(command)) return;
    for (const text of notes) note(`note: ${text}`);
  };
}

/** Whether a microgrid has no dispatches. */
export async function isEmpty(client: MicrogridClient): Promise<boolean> {
  for await (const { dispatches, problems } of client.listPages({ pageSize: 1 })) {
    return dispatches.length + problems.length === 0;
  }
  return true;
}

/**
 * Checks that a service stored what was asked of it.
 *
 * @throws OperationFailed that names the fields that it left aside.
 */
export function checkAnswer(asked: Asked, { id, record }: Dispatch): void {
  const ignored = ignoredFields(asked, record);
  if (ignored.length === 0) return;
  throw new OperationFailed(
    'INTERNAL',
    `The service stored another ${ignored.join(', ')} for dispatch ${id} than was asked.`,
  );
}
