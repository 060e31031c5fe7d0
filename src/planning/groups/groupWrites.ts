import type { DispatchChanges } from '../../client/requests.js';
import { DispatchError } from '../../model/dispatchError.js';
import type { DispatchRecord } from '../../model/dispatchRecord.js';
import { ignoredFields } from '../planNotes.js';
import { isNotFound, type PlanningClient } from '../planningClient.js';
import { readGroup } from './liveGroup.js';
import type { Change } from './planChanges.js';
import type { GroupGoal } from './stepMark.js';

/** The writes of a command on a group, so that they can be taken back. */
export interface GroupWrites {
  /** Makes a write. A dispatch that is to be deleted and is gone already is no failure. Returns the id of the dispatch. */
  make(change: Change): Promise<number>;
  /** Ids of the dispatches that were written, each once, in the order of the last write, without those deleted. */
  readonly ids: readonly number[];
  /** Id of the dispatch of the last write; undefined before any. */
  readonly lastId: number | undefined;
  /** Ids of the dispatches that were created. */
  readonly created: readonly number[];
  /** Ids of the dispatches of which the service stored something else than was asked. */
  readonly otherwise: readonly number[];
  /** Takes back what was done, the last first; returns the error of the write that failed, which then says what could not be. */
  undo(failure: DispatchError, goal: GroupGoal, nowMs: number): Promise<DispatchError>;
}

/** A write that was made. */
interface Done {
  readonly id: number;
  /** Takes it back; null: it cannot be taken back. */
  readonly undo: { readonly delete: true } | { readonly changes: DispatchChanges } | null;
}

/** @param note Note for the audit of the service. */
export function groupWrites(client: PlanningClient, note: string | undefined): GroupWrites {
  const done: Done[] = [];
  const otherwise = new Set<number>();
  return {
    async make(change) {
      const { stored, ...written } = await made(client, change, note);
      done.push(written);
      if (stored !== null && !isAsAsked(change, stored)) otherwise.add(written.id);
      return written.id;
    },
    get ids() {
      const deleted = new Set(done.flatMap(({ id, undo }) => (undo === null ? [id] : [])));
      const all = done.map(({ id }) => id);
      return all.filter((id, index) => all.lastIndexOf(id) === index && !deleted.has(id));
    },
    get lastId() {
      return done.at(-1)?.id;
    },
    get created() {
      return done.flatMap(({ id, undo }) => (undo !== null && 'delete' in undo ? [id] : []));
    },
    get otherwise() {
      return [...otherwise];
    },
    undo: (failure, goal, nowMs) => undone(client, failure, done, goal, { note, nowMs }),
  };
}

interface Made extends Done {
  /** The dispatch as the service stored it; null: it is deleted. */
  readonly stored: DispatchRecord | null;
}

async function made(client: PlanningClient, change: Change, note: string | undefined): Promise<Made> {
  if (change.kind === 'create') {
    const { id, record } = await client.create(change.dispatch, { note });
    return { id, undo: { delete: true }, stored: record };
  }
  const { id } = change.record;
  if (change.kind === 'delete') {
    await deleteGone(client, id, note);
    return { id, undo: null, stored: null };
  }
  const { record } = await client.update(id, change.changes, { note });
  return { id, undo: { changes: before(change.record, change.changes) }, stored: record };
}

function isAsAsked(change: Change, stored: DispatchRecord): boolean {
  if (change.kind === 'delete') return true;
  const { startTime, ...asked } = change.kind === 'create' ? change.dispatch : change.changes;
  return ignoredFields({ ...asked, ...(startTime && { startTimeMs: startTime.getTime() }) }, stored).length === 0;
}

/** Deletes a dispatch that may be gone already. */
export async function deleteGone(client: PlanningClient, id: number, note: string | undefined): Promise<void> {
  try {
    await client.delete(id, { note });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

/** The fields of an update as they were. */
function before(record: DispatchRecord, changes: DispatchChanges): DispatchChanges {
  const old = { ...record, startTime: new Date(record.startTimeMs) };
  return Object.fromEntries(Object.keys(changes).map(field => [field, old[field as keyof typeof old]]));
}

async function undone(
  client: PlanningClient,
  error: DispatchError,
  done: readonly Done[],
  { group, step }: GroupGoal,
  options: { readonly note: string | undefined; readonly nowMs: number },
): Promise<DispatchError> {
  if (done.some(({ undo }) => undo === null)) return withHint(error, `The next command on group ${group.id} goes on.`);
  const [left, created]: [number[], number[]] = [[], []];
  if (step === 'create' && error.retryable) await deleteStrays(client, group.id, done, options);
  const { note } = options;
  for (const { id, undo } of [...done].reverse()) {
    try {
      if (undo !== null && 'delete' in undo) await client.delete(id, { note });
      else if (undo !== null) await client.update(id, undo.changes, { note });
    } catch (failure) {
      if (!(failure instanceof DispatchError)) throw failure;
      (undo !== null && 'delete' in undo ? created : left).push(id);
    }
  }
  if (done.length === 0) return error;
  if (created.length + left.length === 0) return withHint(error, 'What was done of it is undone.');
  const texts = [
    created.length > 0 ? `Created and not deleted again: ${created.join(', ')}.` : '',
    left.length > 0 ? `Changed and not changed back: ${[...new Set(left)].join(', ')}.` : '',
    `The next command on group ${group.id} repairs it.`,
  ];
  return withHint(error, texts.filter(Boolean).join(' '));
}

/** Deletes what was created although the answer was lost; what cannot be is found by the next command on the group. */
async function deleteStrays(
  client: PlanningClient,
  groupId: string,
  done: readonly Done[],
  { note, nowMs }: { readonly note: string | undefined; readonly nowMs: number },
): Promise<void> {
  const known = new Set(done.map(({ id }) => id));
  try {
    const live = await readGroup(client, groupId, nowMs);
    for (const { id } of live?.records ?? []) if (!known.has(id)) await client.delete(id, { note });
  } catch (failure) {
    // The service still does not answer: the error that led here says so.
    if (!(failure instanceof DispatchError)) throw failure;
  }
}

function withHint(error: DispatchError, hint: string): DispatchError {
  const { code, microgridId, dispatchId, field, violations } = error;
  const message = /[.!?]$/.test(error.message) ? error.message : `${error.message}.`;
  return new DispatchError(code, `${message} ${hint}`, { microgridId, dispatchId, field, violations, cause: error });
}
