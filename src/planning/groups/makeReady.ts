import { isNotFound, type PlanningClient } from '../planningClient.js';
import type { GroupWrites } from './groupWrites.js';
import { type LiveGroup, readAgain, readGroup } from './liveGroup.js';
import { agreement, isAnchorChanged, isChangedSince } from './overtaken.js';
import type { Change } from './planChanges.js';
import { planGoal } from './planGoal.js';
import { type GroupGoal, isMarked, type StepMark, stepMark } from './stepMark.js';

/** A command that has marked a group. */
export interface MarkedStep {
  readonly client: PlanningClient;
  readonly goal: GroupGoal;
  readonly mark: StepMark;
  /** The dispatch with the mark. */
  readonly anchorId: number;
  readonly writes: GroupWrites;
  readonly nowMs: number;
}

/** A group of which only the mark is left. */
export interface Ready {
  readonly live: LiveGroup;
  /** Removes the mark. */
  readonly last: Change;
  /** What the group is then: another goal when another command had changed the group before the mark. */
  readonly goal: GroupGoal;
}

/** Number of times that the writes are planned by what the service has. */
const MAX_ROUNDS = 3;

/**
 * Makes all writes of a step but the one that removes the mark, each while the mark is still its own.
 *
 * @param known the group before the mark; null: it is created.
 * @param more the further creations of a new group.
 * @returns null when the mark is no longer its own.
 */
export async function makeReady(
  step: MarkedStep,
  known: LiveGroup | null,
  more: readonly Change[],
): Promise<Ready | null> {
  const { anchorId, goal, mark, nowMs, writes } = step;
  let wanted = goal;
  // Nobody knows of a new group.
  if (known === null && !(await makeAll(step, more))) return null;
  for (let round = 1; ; round += 1) {
    const live = await readMarked(step, known);
    if (live === null) return null;
    if (round === 1 && known !== null && isToCompare(known, goal) && isOtherwise(step, known, live)) {
      // Where the others do not agree, that command is not done, and gives way too.
      wanted = agreement(live, [anchorId], nowMs) ?? { ...known, step: 'update' };
      await writes.make(stepMark(wanted, mark.by).intention(live.anchor));
    }
    const planned = planGoal(wanted, live, nowMs);
    const last = planned.find(change => isOf(change, anchorId));
    if (last === undefined) throw new Error(`nothing removes the mark of group ${goal.group.id}`);
    const rest = planned.flatMap(change => (isOf(change, anchorId) ? ofSchedule(change) : [change]));
    const isLast = round === MAX_ROUNDS || (round > 1 && writes.otherwise.length > 0);
    if (rest.length === 0 || isLast) return { live, last: ofMark(last), goal: wanted };
    if (!(await makeAll(step, rest))) return null;
  }
}

/** Whether it matters that another command changed the group: who finishes a broken step, or deletes, does it whatever the group is. */
function isToCompare(known: LiveGroup, { step }: GroupGoal): boolean {
  return known.step === null && step !== 'delete';
}

function isOtherwise({ anchorId, goal }: MarkedStep, known: LiveGroup, live: LiveGroup): boolean {
  return isChangedSince(known, live, [anchorId]) || isAnchorChanged(known, live, goal);
}

/** The group; null when the mark is no longer its own. */
async function readMarked(
  { client, goal: { group }, mark, anchorId, nowMs }: MarkedStep,
  known: LiveGroup | null,
): Promise<LiveGroup | null> {
  const live =
    known === null ? await readGroup(client, group.id, nowMs) : await readAgain(client, { ...known, group }, nowMs);
  return live?.anchor.id === anchorId && live.by === mark.by ? live : null;
}

/**
 * Makes writes, up to one of a dispatch that a command deleted which then gave way.
 *
 * @returns false when the mark is no longer its own.
 */
async function makeAll({ client, anchorId, mark, writes }: MarkedStep, changes: readonly Change[]): Promise<boolean> {
  for (const change of changes) {
    if (!(await isMarked(client, anchorId, mark))) return false;
    try {
      await writes.make(change);
    } catch (error) {
      if (!isNotFound(error)) throw error;
      return true;
    }
  }
  return true;
}

function isOf(change: Change, id: number): change is Exclude<Change, { kind: 'create' }> {
  return change.kind !== 'create' && change.record.id === id;
}

/** What of the change of the anchor does not remove the mark. */
function ofSchedule(change: Exclude<Change, { kind: 'create' }>): Change[] {
  if (change.kind === 'delete') return [];
  const { payload: _, ...changes } = change.changes;
  return Object.keys(changes).length === 0 ? [] : [{ ...change, changes }];
}

/** What of the change of the anchor removes the mark. */
function ofMark(change: Exclude<Change, { kind: 'create' }>): Change {
  if (change.kind === 'delete') return change;
  const { payload = change.record.payload } = change.changes;
  return { ...change, changes: { payload } };
}
