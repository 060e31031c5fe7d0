import { DispatchError } from '../../model/dispatchError.js';
import { isNotFound, type PlanningClient } from '../planningClient.js';
import { deleteGone, type GroupWrites, groupWrites } from './groupWrites.js';
import { type LiveGroup, readAgain, readGroup } from './liveGroup.js';
import { makeReady, type Ready } from './makeReady.js';
import { agreement, isChangedSince, isSameGoal, overtaken } from './overtaken.js';
import type { Change } from './planChanges.js';
import { planGoal } from './planGoal.js';
import { type GroupGoal, isMarked, type StepMark, stepMark } from './stepMark.js';

/** Options of {@link writeGroup}. */
export interface WriteGroupOptions {
  /** Note for the audit of the service. */
  readonly note?: string | undefined;
  /** As of when it is decided which runs are over. */
  readonly nowMs: number;
}

/** What {@link writeGroup} has done. */
export interface WrittenGroup {
  /** The group as it is then; null when no dispatch belongs to it any more. */
  readonly live: LiveGroup | null;
  /** Ids of the dispatches that were written, in the order of the last write, without those deleted. */
  readonly ids: readonly number[];
  /** Ids of the dispatches of which the service stored something else than was asked. */
  readonly otherwise: readonly number[];
}

/**
 * Makes a group what it is to become.
 *
 * One dispatch, the anchor, knows first what that is (the mark of the step), and last that it is done: whatever breaks off in between, the next
 * command on the group can finish or undo it. When a creation or an update fails, those before it are undone; when a deletion fails, the next
 * command goes on.
 *
 * Commands that are at a group at the same time meet at the mark. The last one to set it goes on; another one finds before its next write that the
 * mark is no longer its own, and gives way. A write that it had on its way is repaired by the one that goes on, which compares all dispatches
 * after it removes the mark, or, when that one is done, by the one that gives way.
 *
 * @param live the group as it was read; null: it is created. With a step that was broken off, the goal must be that of the step.
 * @throws DispatchError of the write that failed; its message says what was not undone.
 * @throws PlanError ABORTED when another command changed the group at the same time: that one did this step too, or it is not done.
 */
export function writeGroup(
  client: PlanningClient,
  live: LiveGroup | null,
  goal: GroupGoal,
  options: WriteGroupOptions,
): Promise<WrittenGroup> {
  return attempt(client, live, goal, { ...options, depth: 0 });
}

interface Options extends WriteGroupOptions {
  /** Number of times that the group was written because of other commands. */
  readonly depth: number;
}

const MAX_DEPTH = 2;

async function attempt(
  client: PlanningClient,
  live: LiveGroup | null,
  goal: GroupGoal,
  options: Options,
): Promise<WrittenGroup> {
  const [first, ...more] = planGoal(goal, live, options.nowMs);
  if (first === undefined) return { live, ids: [], otherwise: [] };
  const step: Step = { client, goal, mark: stepMark(goal), writes: groupWrites(client, options.note), options };
  if (live !== null && !(await isAsRead(client, live))) throw overtaken(goal.group.id);
  if (more.length === 0 && (live === null || live.step === null)) return writtenAlone(step, live, first);
  let anchorId = 0;
  let ready: Ready | null;
  try {
    anchorId = await step.writes.make(live === null ? step.mark.creation(first) : step.mark.intention(live.anchor));
    ready = await makeReady({ ...step, nowMs: options.nowMs, anchorId }, live, more);
  } catch (error) {
    if (!(error instanceof DispatchError)) throw error;
    if (anchorId !== 0 && !(await mayBeMarked(step, anchorId))) return giveWay(step, anchorId);
    throw await step.writes.undo(error, goal, options.nowMs);
  }
  if (ready === null || !(await isMarked(client, anchorId, step.mark))) return giveWay(step, anchorId);
  await step.writes.make(ready.last);
  const written = await compared({ ...step, goal: ready.goal }, await readAgain(client, ready.live, options.nowMs));
  if (ready.goal !== goal) throw overtaken(goal.group.id);
  return written;
}

/** A command at a group. */
interface Step {
  readonly client: PlanningClient;
  readonly goal: GroupGoal;
  readonly mark: StepMark;
  readonly writes: GroupWrites;
  readonly options: Options;
}

/** Makes a change that is a single write, which needs no mark. */
async function writtenAlone(step: Step, known: LiveGroup | null, change: Change): Promise<WrittenGroup> {
  const { client, goal, writes, options } = step;
  const { nowMs } = options;
  const id = await writes.make(change);
  if (known === null) return writtenWith(writes, await readGroup(client, goal.group.id, nowMs));
  const live = await readAgain(client, { ...known, group: goal.group }, nowMs);
  if (live === null || !isChangedSince(known, live, [id])) return compared(step, live);
  if (live.step === null) await again(step, live, agreement(live, [id], nowMs) ?? { ...known, step: 'update' });
  throw overtaken(goal.group.id);
}

/** Finds what another command wrote that gave way, and repairs it. */
async function compared(step: Step, live: LiveGroup | null): Promise<WrittenGroup> {
  const { goal, writes, options } = step;
  const written = writtenWith(writes, live);
  const isDone = live === null || writes.otherwise.length > 0 || planGoal(goal, live, options.nowMs).length === 0;
  if (isDone) return written;
  if (goal.step === 'delete') return again(step, live, goal);
  // Another command came after this one.
  if (live.step !== null) return written;
  if (!isSameGoal(live, goal)) throw overtaken(goal.group.id);
  const agreed = agreement(live, [live.anchor.id], options.nowMs);
  if (agreed === null || isSameGoal(agreed, goal)) return again(step, live, { ...goal, step: 'update' });
  // Another command was done before the mark was removed, which was then its own.
  await again(step, live, agreed);
  throw overtaken(goal.group.id);
}

/** Leaves a group to the command that took it over, and repairs what was written since that one was done. */
async function giveWay(step: Step, anchorId: number): Promise<WrittenGroup> {
  const { client, goal, writes, options } = step;
  const present = await readGroup(client, goal.group.id, options.nowMs);
  const { created } = writes;
  if (present === null && goal.step === 'delete') return writtenWith(writes, null);
  const records = present?.records ?? [];
  // The anchor is gone, so the other command deleted the group; otherwise it may use what was created.
  if (records.every(({ id }) => id !== anchorId && created.includes(id))) {
    for (const { id } of records) await deleteGone(client, id, options.note);
  } else if (present !== null && present.step === null) {
    // Its last write came after the other command was done, perhaps to what says now what the group is.
    const agreed = agreement(present, [writes.lastId ?? 0], options.nowMs);
    const { live } = await again(step, present, agreed ?? { ...present, step: 'update' });
    if (live !== null && planGoal(goal, live, options.nowMs).length === 0) return writtenWith(writes, live);
  }
  throw overtaken(goal.group.id);
}

async function again({ client, options, writes }: Step, live: LiveGroup, goal: GroupGoal): Promise<WrittenGroup> {
  if (options.depth === MAX_DEPTH) return writtenWith(writes, live);
  const { ids, otherwise, ...written } = await attempt(client, live, goal, { ...options, depth: options.depth + 1 });
  const before = writes.ids.filter(id => !ids.includes(id));
  return { ...written, ids: [...before, ...ids], otherwise: [...writes.otherwise, ...otherwise] };
}

function writtenWith({ ids, otherwise }: GroupWrites, live: LiveGroup | null): WrittenGroup {
  return { live, ids, otherwise };
}

/** Whether the anchor is as it was read: the less time is between reading and writing, the less can happen in it. */
async function isAsRead(client: PlanningClient, { anchor }: LiveGroup): Promise<boolean> {
  try {
    return (await client.get(anchor.id)).record.updateTime === anchor.updateTime;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}

async function mayBeMarked({ client, mark }: Step, anchorId: number): Promise<boolean> {
  try {
    return await isMarked(client, anchorId, mark);
  } catch (error) {
    if (error instanceof DispatchError) return true;
    throw error;
  }
}
