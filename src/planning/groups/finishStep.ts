import type { PlanningClient } from '../planningClient.js';
import type { LiveGroup } from './liveGroup.js';
import { type Change, planChanges } from './planChanges.js';
import { writeGroup } from './writeGroup.js';

/**
 * Finishes or undoes the step of a group that was broken off: a creation of which dispatches are missing is undone, everything else is
 * finished.
 *
 * @returns a sentence that says what was done.
 */
export async function finishStep(client: PlanningClient, live: LiveGroup, nowMs: number): Promise<string> {
  const { group, common, records, step, anchor } = live;
  if (step === null) return `Group ${group.id} has no step to finish.`;
  const changes = planChanges(group, common, records, nowMs);
  const isMissing = changes.some(({ kind }) => kind === 'create');
  if (step === 'delete' || (step === 'create' && isMissing)) {
    await writeGroup(client, group, deletions(live), { step: 'delete' });
    const what = step === 'create' ? 'creation' : 'deletion';
    const ids = records.map(({ id }) => id).join(', ');
    return `The ${what} of group ${group.id} was broken off; its dispatches ${ids} are deleted now.`;
  }
  await writeGroup(client, group, changes, { step });
  return `A change of group ${group.id} was broken off at dispatch ${anchor.id}; it is finished now.`;
}

/** The deletion of a group: the dispatch that is deleted last, and knows of it until then, is the first. */
export function deletions({ records, anchor }: LiveGroup): Change[] {
  const ordered = [anchor, ...records.filter(record => record !== anchor)];
  return ordered.map(record => ({ kind: 'delete', record }));
}
