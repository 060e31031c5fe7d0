import type { DispatchChanges } from '../../client/requests.js';
import { DispatchError } from '../../model/dispatchError.js';
import type { DispatchRecord, JsonObject } from '../../model/dispatchRecord.js';
import type { PlanningClient } from '../planningClient.js';
import { type Group, groupOf, type PendingStep, withGroup, withoutGroup } from './group.js';
import { readGroup } from './liveGroup.js';
import type { Change } from './planChanges.js';

/** Options of {@link writeGroup}. */
export interface WriteGroupOptions {
  readonly step: PendingStep;
  /** Note for the audit of the service. */
  readonly note?: string | undefined;
}

/**
 * Makes the writes of a group, in order. When there are several, one dispatch knows first what the group is to be (its step), and last that it is:
 * whatever breaks off in between, the next command on the group can finish or undo it. When a creation or an update fails, those before it are
 * undone; when a deletion fails, the next command goes on.
 *
 * @returns ids of the dispatches that were written, without those deleted.
 * @throws DispatchError of the write that failed; its message says what was not undone.
 */
export async function writeGroup(
  client: PlanningClient,
  group: Group,
  changes: readonly Change[],
  { step, note }: WriteGroupOptions,
): Promise<number[]> {
  const [first, ...more] = changes;
  if (first === undefined) return [];
  const done: Done[] = [];
  const make = (change: Change, marked: PendingStep | null) =>
    makeChange(client, withMark(change, group, marked), note, done);
  if (more.length === 0) {
    await make(first, null);
    return idsOf(done);
  }
  const anchor = changes.find(({ kind }) => kind === 'update') ?? first;
  try {
    // The schedule of an update comes in its turn.
    if (anchor.kind === 'create') await make(anchor, step);
    else await makeChange(client, intent(anchor, group, step), note, done);
    for (const change of changes) {
      const isLast = change.kind === 'delete' && change === anchor;
      if (!(change.kind === 'create' && change === anchor) && !isLast)
        await make(change, change === anchor ? step : null);
    }
  } catch (error) {
    throw await undone(client, error, group, done, { step, note });
  }
  if (anchor.kind === 'delete') await make(anchor, null);
  else await client.update(done[0]?.id ?? 0, { payload: settled(anchor) }, { note });
  return idsOf(done);
}

/** A write that was made. */
interface Done {
  readonly id: number;
  /** Takes it back; null: it cannot be taken back. */
  readonly undo: { readonly delete: true } | { readonly changes: DispatchChanges } | null;
}

async function makeChange(
  client: PlanningClient,
  change: Change,
  note: string | undefined,
  done: Done[],
): Promise<void> {
  if (change.kind === 'create') {
    const { id } = await client.create(change.dispatch, { note });
    done.push({ id, undo: { delete: true } });
    return;
  }
  const { record } = change;
  if (change.kind === 'delete') {
    await client.delete(record.id, { note });
    done.push({ id: record.id, undo: null });
    return;
  }
  await client.update(record.id, change.changes, { note });
  done.push({ id: record.id, undo: { changes: before(record, change.changes) } });
}

/** What a dispatch knows of a step before it begins: everything but its own schedule. */
function intent({ record, ...change }: Exclude<Change, { kind: 'create' }>, group: Group, step: PendingStep): Change {
  const { startTime, durationMs, recurrence, ...others } = change.kind === 'update' ? change.changes : {};
  const payload = marked(others.payload ?? record.payload, group, step);
  return { kind: 'update', record, changes: { ...others, payload } };
}

function withMark(change: Change, group: Group, step: PendingStep | null): Change {
  if (step === null || change.kind === 'delete') return change;
  if (change.kind === 'create') {
    const { dispatch } = change;
    return { ...change, dispatch: { ...dispatch, payload: marked(dispatch.payload ?? {}, group, step) } };
  }
  const { changes, record } = change;
  return { ...change, changes: { ...changes, payload: marked(changes.payload ?? record.payload, group, step) } };
}

function marked(payload: JsonObject, group: Group, step: PendingStep): JsonObject {
  return withGroup(withoutGroup(payload), { group, part: groupOf(payload)?.part ?? '1/1', step });
}

/** The payload of a dispatch when no step is pending any more. */
function settled(change: Exclude<Change, { kind: 'delete' }>): JsonObject {
  if (change.kind === 'create') return change.dispatch.payload ?? {};
  return change.changes.payload ?? change.record.payload;
}

/** The fields of an update as they were. */
function before(record: DispatchRecord, changes: DispatchChanges): DispatchChanges {
  const old = { ...record, startTime: new Date(record.startTimeMs) };
  return Object.fromEntries(Object.keys(changes).map(field => [field, old[field as keyof typeof old]]));
}

/** Takes back what was done, the last first; the error says what could not be. */
async function undone(
  client: PlanningClient,
  error: unknown,
  group: Group,
  done: readonly Done[],
  { step, note }: WriteGroupOptions,
): Promise<unknown> {
  if (!(error instanceof DispatchError)) return error;
  if (done.some(({ undo }) => undo === null)) return withHint(error, `The next command on group ${group.id} goes on.`);
  const [left, created]: [number[], number[]] = [[], []];
  if (step === 'create' && error.retryable) await deleteStrays(client, group, done, note);
  for (const { id, undo } of [...done].reverse()) {
    try {
      if (undo !== null && 'delete' in undo) await client.delete(id, { note });
      else if (undo !== null) await client.update(id, undo.changes, { note });
    } catch (failure) {
      if (!(failure instanceof DispatchError)) throw failure;
      (undo !== null && 'delete' in undo ? created : left).push(id);
    }
  }
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
  group: Group,
  done: readonly Done[],
  note: string | undefined,
): Promise<void> {
  const known = new Set(done.map(({ id }) => id));
  try {
    const live = await readGroup(client, group.id);
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

function idsOf(done: readonly Done[]): number[] {
  return [...new Set(done.flatMap(({ id, undo }) => (undo === null ? [] : [id])))];
}
