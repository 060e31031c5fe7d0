import { changeGroup } from '../../../planning/groups/changeGroup.js';
import { copyNow } from '../../../planning/groups/copyNow.js';
import { dispatchAsGroup } from '../../../planning/groups/dispatchAsGroup.js';
import type { LiveGroup } from '../../../planning/groups/liveGroup.js';
import { nextRun, runToSkip, skippedRun } from '../../../planning/groups/skippedRuns.js';
import { writeGroup } from '../../../planning/groups/writeGroup.js';
import { PlanError } from '../../../planning/planError.js';
import type { PlanningClient } from '../../../planning/planningClient.js';
import { zonedTimeText } from '../../../planning/zonedTimeText.js';
import { type ExistingSubject, type recordsOf, subjectText } from '../fields/planSubject.js';
import type { Done, WriteOptions } from './done.js';
import { presentSubject } from './presentSubject.js';
import { versionOf } from './undoEntry.js';

/** What can be done to a dispatch, or a group, without the form. */
export type PlanAction =
  | { readonly kind: 'pause' | 'resume' | 'delete'; readonly subject: ExistingSubject }
  /** Creates a copy that runs once, now. */
  | { readonly kind: 'runNow'; readonly id: number }
  /** Leaves out one run: the one that starts at an instant, or the next one (null). */
  | { readonly kind: 'skip'; readonly subject: ExistingSubject; readonly startMs: number | null }
  /** Lets a run take place that was left out. */
  | { readonly kind: 'unskip'; readonly subject: ExistingSubject; readonly startMs: number };

/**
 * Does something to a dispatch or a group, as it is at the service by then.
 *
 * @throws DispatchError of the service; PlanError when it cannot be done as things stand.
 */
export async function performAction(client: PlanningClient, action: PlanAction, options: WriteOptions): Promise<Done> {
  if (action.kind === 'runNow') return runNow(client, action.id, options);
  const present = await presentSubject(client, action.subject, options.nowMs);
  if (present === null) throw new PlanError('NOT_FOUND', `The ${subjectText(action.subject)} is gone.`);
  switch (action.kind) {
    case 'pause':
      return setActive(client, present, false, options);
    case 'resume':
      return setActive(client, present, true, options);
    case 'delete':
      return remove(client, present, options);
    case 'skip':
      return skip(client, present, action.startMs, options);
    case 'unskip':
      return unskip(client, present, action.startMs, options);
  }
}

async function runNow(client: PlanningClient, id: number, { note }: WriteOptions): Promise<Done> {
  const { record: original } = await client.get(id);
  const { durationMs } = original;
  const { record } = await copyNow(client, original, { copyOf: id, durationMs, note });
  return done(client, `Dispatch ${record.id} runs now, a copy of ${id}.`, `run of dispatch ${id}`, { kind: 'new' }, [
    record,
  ]);
}

async function setActive(
  client: PlanningClient,
  present: ExistingSubject,
  active: boolean,
  options: WriteOptions,
): Promise<Done> {
  const after =
    present.kind === 'dispatch'
      ? [(await client.update(present.record.id, { active }, { note: options.note })).record]
      : await changed(client, present.live, { common: { active } }, options);
  const [noun, verb] = active ? ['resumption', 'active again'] : ['pause', 'paused'];
  return done(client, `${subjectText(present)} is ${verb}.`, `${noun} of ${subjectText(present)}`, present, after);
}

async function remove(client: PlanningClient, present: ExistingSubject, options: WriteOptions): Promise<Done> {
  if (present.kind === 'dispatch') await client.delete(present.record.id, { note: options.note });
  else await writeGroup(client, present.live, { ...present.live, step: 'delete' }, options);
  return done(client, `${subjectText(present)} is deleted.`, `deletion of ${subjectText(present)}`, present, []);
}

async function skip(
  client: PlanningClient,
  present: ExistingSubject,
  startMs: number | null,
  options: WriteOptions,
): Promise<Done> {
  const live = present.kind === 'group' ? present.live : dispatchAsGroup(present.record);
  const { nowMs } = options;
  const atMs = startMs === null ? nextRun(live, nowMs) : runToSkip(live, { fromMs: startMs, lastMs: startMs }, nowMs);
  const exceptions = [...live.group.exceptions, atMs].sort((a, b) => a - b);
  const after = await changed(client, live, { group: { exceptions } }, options);
  const when = zonedTimeText(atMs, live.group.zone ?? 'UTC');
  return done(client, `The run of ${when} is skipped.`, `skipping of the run of ${when}`, present, after);
}

async function unskip(
  client: PlanningClient,
  present: ExistingSubject,
  startMs: number,
  options: WriteOptions,
): Promise<Done> {
  const live = present.kind === 'group' ? present.live : dispatchAsGroup(present.record);
  const atMs = skippedRun(live, { fromMs: startMs, lastMs: startMs }, options.nowMs);
  const exceptions = live.group.exceptions.filter(at => at !== atMs);
  const after = await changed(client, live, { group: { exceptions } }, options);
  const when = zonedTimeText(atMs, live.group.zone ?? 'UTC');
  return done(client, `The run of ${when} is not skipped any more.`, `return of the run of ${when}`, present, after);
}

async function changed(
  client: PlanningClient,
  live: LiveGroup,
  change: Parameters<typeof changeGroup>[2],
  options: WriteOptions,
) {
  const stored = await changeGroup(client, live, change, options);
  return 'records' in stored ? stored.records : [stored.record];
}

function done(
  { microgridId }: PlanningClient,
  text: string,
  undone: string,
  before: ExistingSubject | { readonly kind: 'new' },
  after: ReturnType<typeof recordsOf>,
): Done {
  const undo = { microgridId, text: undone, before, after: after.map(versionOf) };
  return { text: `${text.charAt(0).toUpperCase()}${text.slice(1)}`, records: after, undo };
}
