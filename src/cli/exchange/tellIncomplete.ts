import type { DispatchRecord } from '../../model/dispatchRecord.js';
import { groupOf } from '../../planning/groups/group.js';
import { groupChangeText, missingParts } from '../../planning/groups/groupChangeText.js';
import { liveGroup } from '../../planning/groups/liveGroup.js';
import { plannedDispatch } from '../../planning/planned.js';
import type { ImportStep } from './importPlan.js';

/** Adds to the first dispatch of each group that an import would create in part which ones are missing. */
export function tellIncomplete(steps: readonly ImportStep[], nowMs: number): ImportStep[] {
  const recordsOf = new Map<string, DispatchRecord[]>();
  for (const step of steps) {
    const id = groupIdOf(step);
    if (step.step !== 'create' || id === undefined) continue;
    recordsOf.set(id, [...(recordsOf.get(id) ?? []), plannedDispatch(0, step.plan).record]);
  }
  return steps.map(step => {
    const id = groupIdOf(step);
    const records = id === undefined ? undefined : recordsOf.get(id);
    if (step.step !== 'create' || id === undefined || records === undefined) return step;
    recordsOf.delete(id);
    const live = liveGroup(records, nowMs);
    const missing = live === null ? [] : missingParts(live, nowMs);
    if (missing.length === 0) return step;
    const text = `group ${id} is incomplete: ${missing.map(groupChangeText).join(', ')}; after the import 'dispatch check' creates what is missing`;
    return { ...step, notes: [...step.notes, text] };
  });
}

function groupIdOf(step: ImportStep): string | undefined {
  return step.step === 'create' ? groupOf(step.plan.payload)?.group.id : undefined;
}
