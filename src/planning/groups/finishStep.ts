import type { PlanningClient } from '../planningClient.js';
import type { LiveGroup } from './liveGroup.js';
import { planGoal } from './planGoal.js';
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
  const isMissing = planGoal({ group, common, step }, live, options.nowMs).some(({ kind }) => kind === 'create');
  if (step === 'delete' || (step === 'create' && isMissing)) {
    await writeGroup(client, live, { group, common, step: 'delete' }, options);
    const what = step === 'create' ? 'creation' : 'deletion';
    const ids = records.map(({ id }) => id).join(', ');
    return `The ${what} of group ${group.id} was broken off; its dispatches ${ids} are deleted now.`;
  }
  await writeGroup(client, live, { group, common, step }, options);
  return `A change of group ${group.id} was broken off at dispatch ${anchor.id}; it is finished now.`;
}
