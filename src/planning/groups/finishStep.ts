import type { PlanningClient } from '../planningClient.js';
import { missingParts } from './groupChangeText.js';
import { stepText } from './groupWords.js';
import type { LiveGroup } from './liveGroup.js';
import { type WriteGroupOptions, writeGroup } from './writeGroup.js';

/**
 * Finishes or undoes the step of a group that was broken off: a creation of which dispatches are missing is undone, everything else is
 * finished.
 *
 * @returns a sentence that says what was done.
 */
export async function finishStep(client: PlanningClient, live: LiveGroup, options: WriteGroupOptions): Promise<string> {
  const { group, common, records, step, anchor } = live;
  if (step === null) return `Group ${group.id} has no step to finish.`;
  if (isToDelete(live, options.nowMs)) {
    await writeGroup(client, live, { group, common, step: 'delete' }, options);
    const what = step === 'create' ? 'creation' : 'deletion';
    const ids = records.map(({ id }) => id).join(', ');
    return `The ${what} of group ${group.id} was broken off; its dispatches ${ids} are deleted now.`;
  }
  await writeGroup(client, live, { group, common, step }, options);
  return `A change of group ${group.id} was broken off at dispatch ${anchor.id}; it is finished now.`;
}

/** Tells of a step of a group that is not done, and what the next command that changes the group does first: a sentence, or none. */
export function pendingStepNotes(live: LiveGroup, nowMs: number): string[] {
  const { group, records, step } = live;
  if (step === null) return [];
  const ids = records.map(({ id }) => id).join(', ');
  const what = isToDelete(live, nowMs) ? `deletes its dispatches ${ids}` : 'finishes it';
  return [`${stepText(group.id, step)}. The next command that changes the group first ${what}.`];
}

/** Whether what is left of a step is to delete all dispatches. */
function isToDelete(live: LiveGroup, nowMs: number): boolean {
  return live.step === 'delete' || (live.step === 'create' && missingParts(live, nowMs).length > 0);
}
