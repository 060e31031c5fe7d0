import type { DispatchRecord } from '../../model/dispatchRecord.js';
import { groupOf } from '../../planning/groups/group.js';
import { groupChangeText, knownRepairs } from '../../planning/groups/groupChangeText.js';
import { liveGroup } from '../../planning/groups/liveGroup.js';
import { plannedDispatch } from '../../planning/planned.js';
import type { ImportStep } from './importPlan.js';

/** Adds to the first dispatch of each group that an import would create otherwise than its rule means which ones are missing or differ. */
export function tellIncomplete(steps: readonly ImportStep[], nowMs: number): ImportStep[] {
  const recordsOf = new Map<string, DispatchRecord[]>();
  for (const [index, step] of steps.entries()) {
    const id = groupIdOf(step);
    if (step.step !== 'create' || id === undefined) continue;
    // A service gives ids in this order, too.
    recordsOf.set(id, [...(recordsOf.get(id) ?? []), { ...plannedDispatch(0, step.plan).record, id: index }]);
  }
  return steps.map(step => {
    const id = groupIdOf(step);
    const records = id === undefined ? undefined : recordsOf.get(id);
    if (step.step !== 'create' || id === undefined || records === undefined) return step;
    recordsOf.delete(id);
    const live = liveGroup(records, nowMs);
    const repairs = live === null ? [] : knownRepairs(live, nowMs);
    if (repairs.length === 0) return step;
    const what = repairs.map(change => groupChangeText(change, index => steps[index]?.source ?? '')).join(', ');
    const text = repairs.every(({ kind }) => kind === 'create')
      ? `group ${id} is incomplete: ${what}; after the import 'dispatch check' creates what is missing`
      : `group ${id} is not what its rule means: ${what}; after the import 'dispatch check' repairs it`;
    return { ...step, notes: [...step.notes, text] };
  });
}

function groupIdOf(step: ImportStep): string | undefined {
  return step.step === 'create' ? groupOf(step.plan.payload)?.group.id : undefined;
}
