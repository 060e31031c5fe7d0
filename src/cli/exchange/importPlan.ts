import type { DispatchRecord } from '../../model/dispatchRecord.js';
import { runAt, startAtOrAfter } from '../../model/schedule.js';
import { selectorKey } from '../../model/selector.js';
import { groupOf, withoutStep } from '../../planning/groups/group.js';
import { runNoteTexts } from '../../planning/groups/runNotes.js';
import { ignoredFields, wholeRecord } from '../../planning/planNotes.js';
import type { DispatchPlan } from '../../planning/planned.js';
import { remainingPlan } from '../../planning/remainingPlan.js';
import { timeText } from '../../planning/timeText.js';
import type { ExchangeEntry } from './exchangeEntry.js';

/** What an import does with an entry. */
export type ImportStep = { readonly source: string } & (
  | { readonly step: 'create'; readonly plan: DispatchPlan; readonly notes: readonly string[] }
  /** `id` is that of a dispatch that has the same runs from now on. */
  | { readonly step: 'present'; readonly id: number; readonly notes: readonly string[] }
  /** All its runs are over. */
  | { readonly step: 'over' }
  | { readonly step: 'refuse'; readonly message: string }
);

/**
 * Decides what an import does with each entry of a file, in its order.
 *
 * An entry is present when the microgrid has a dispatch of the same type, target, payload, duration and dry run with the same runs from now on,
 * whether it is active or not. Each dispatch stands for one entry: two equal entries are two dispatches.
 *
 * @param existing The dispatches of the microgrid.
 * @param nowMs Milliseconds since the epoch.
 */
export function importPlan(
  entries: readonly ExchangeEntry[],
  existing: Iterable<DispatchRecord>,
  nowMs: number,
): ImportStep[] {
  const records = [...existing].map(record => ({ ...record, payload: withoutStep(record.payload) }));
  const present = presentPlans(records, nowMs);
  const groupIds = new Set(records.map(({ payload }) => groupOf(payload)?.group.id));
  return entries.map(entry => {
    const { source } = entry;
    if ('refusal' in entry) return { source, step: 'refuse', message: entry.refusal };
    // What a file says is a state, not work to be done.
    const plan = { ...entry.plan, payload: withoutStep(entry.plan.payload) };
    const remaining = remainingPlan(plan, nowMs);
    if (remaining.kind === 'over') return { source, step: 'over' };
    const wanted = remaining.kind === 'on' ? plan : remaining.plan;
    const found = present.take(wanted);
    if (found !== undefined) return { source, step: 'present', id: found.id, notes: differences(plan, found) };
    if (remaining.kind === 'on') return { source, step: 'refuse', message: ON };
    const groupId = groupOf(plan.payload)?.group.id;
    if (groupId !== undefined && groupIds.has(groupId))
      return { source, step: 'refuse', message: ofPresentGroup(groupId) };
    const notes = [
      ...runNoteTexts(entry.notes ?? [], wanted.startTimeMs),
      ...notesOn(plan, wanted, nowMs),
      ...stepNotes(entry.plan),
    ];
    return { source, step: 'create', plan: wanted, notes };
  });
}

const ON = 'it has only a run that is on, and a service takes no start in the past: create it with the start now';

/** Another dispatch of a group would be taken for one of its own, and the next command on the group would delete it or change the others. */
function ofPresentGroup(id: string): string {
  return `it is part of group ${id}, which is there and is otherwise: change that with 'dispatch update', or complete it with 'dispatch check'`;
}

/** The dispatches of a microgrid by what is left of them, each to be taken once. */
interface PresentPlans {
  take(plan: DispatchPlan): DispatchRecord | undefined;
}

function presentPlans(existing: Iterable<DispatchRecord>, nowMs: number): PresentPlans {
  const found = new Map<string, { readonly plan: DispatchPlan; readonly record: DispatchRecord }[]>();
  for (const record of existing) {
    const plan = restOf(record, nowMs);
    if (plan === null) continue;
    const key = keyOf(plan);
    found.set(key, [...(found.get(key) ?? []), { plan, record }]);
  }
  return {
    take: wanted => {
      const alike = found.get(keyOf(wanted)) ?? [];
      const { active: _, startTimeMs: __, ...asked } = wanted;
      const index = alike.findIndex(({ plan, record }) => ignoredFields(asked, { ...record, ...plan }).length === 0);
      return index < 0 ? undefined : alike.splice(index, 1)[0]?.record;
    },
  };
}

function restOf(record: DispatchRecord, nowMs: number): DispatchPlan | null {
  try {
    const remaining = remainingPlan(record, nowMs);
    if (remaining.kind === 'over') return null;
    return remaining.kind === 'on' ? record : remaining.plan;
  } catch (error) {
    // Another service stored a rule that has no runs: no entry is like it.
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** Equal for plans that are alike; of those with the same key, few are not. */
function keyOf(plan: DispatchPlan): string {
  const { type, durationMs, selector, dryRun } = plan;
  return JSON.stringify([type, Math.floor(firstRunOf(plan) / 1000), durationMs, dryRun, selectorKey(selector)]);
}

/** When the first run starts: a calendar begins a rule there, whatever its start time was. */
function firstRunOf(plan: DispatchPlan): number {
  try {
    return startAtOrAfter(wholeRecord(plan), plan.startTimeMs) ?? plan.startTimeMs;
  } catch (error) {
    // A rule that has no runs is refused where it is encoded.
    if (error instanceof RangeError) return plan.startTimeMs;
    throw error;
  }
}

function differences({ active }: DispatchPlan, found: DispatchRecord): string[] {
  if (active === found.active) return [];
  return [active ? 'it is inactive there' : 'it is active there'];
}

function stepNotes({ payload }: DispatchPlan): string[] {
  const { group, step } = groupOf(payload) ?? {};
  if (group === undefined || !step) return [];
  return [`the step '${step}' of group ${group.id} was not done where this comes from: that is left out`];
}

function notesOn(plan: DispatchPlan, wanted: DispatchPlan, nowMs: number): string[] {
  if (plan === wanted) return [];
  const run = runAt(wholeRecord(plan), nowMs);
  return [
    `its start is past: it begins with the next run, at ${timeText(new Date(wanted.startTimeMs))}`,
    ...(run?.endMs ? [`the run that is on, until ${timeText(new Date(run.endMs))}, is left out`] : []),
  ];
}
