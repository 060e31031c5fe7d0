import type { PlanningClient } from '../planningClient.js';
import { finishStep } from './finishStep.js';
import { type LiveGroup, readAgain, readGroup } from './liveGroup.js';

/** Options of {@link settledGroup}. */
export interface SettleOptions {
  /** Tells what was done, in sentences. */
  readonly say: (notes: readonly string[]) => void;
  /** How long none of its dispatches must change until a step counts as broken off, in milliseconds. @default 2000 */
  readonly patienceMs?: number | undefined;
}

/** How often a group is looked at in that time. */
const LOOKS = 8;

/**
 * The group when no step is pending: waits while another command is at it, and finishes or undoes a step that was broken off.
 *
 * @returns null when no dispatch belongs to it any more.
 */
export async function settledGroup(
  client: PlanningClient,
  live: LiveGroup,
  { say, patienceMs = 2_000 }: SettleOptions,
): Promise<LiveGroup | null> {
  let [present, looks]: [LiveGroup | null, number] = [live, 0];
  while (present !== null && present.step !== null && looks < LOOKS && patienceMs > 0) {
    await new Promise(resolve => setTimeout(resolve, patienceMs / LOOKS));
    const next = await readAgain(client, present, Date.now());
    looks = versionsOf(next) === versionsOf(present) ? looks + 1 : 0;
    present = next;
  }
  if (present === null || present.step === null) return present;
  const nowMs = Date.now();
  say([await finishStep(client, present, { nowMs })]);
  return readGroup(client, live.group.id, nowMs);
}

function versionsOf(live: LiveGroup | null): string {
  return live === null ? '' : live.records.map(({ id, updateTime }) => `${id} ${updateTime}`).join();
}
