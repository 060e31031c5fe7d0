import type { DispatchChanges, NewDispatch } from '../client/requests.js';
import { DispatchError } from '../model/dispatchError.js';
import type { DispatchRecord } from '../model/dispatchRecord.js';
import type { Change } from '../planning/groups/planChanges.js';
import { CallError } from './callError.js';

/**
 * Judges a creation by the rules of the service, without one.
 *
 * @param nowMs the time by which a start counts as past, milliseconds since the epoch
 * @throws CallError INVALID_ARGUMENT as if a service had refused it.
 */
export async function rehearseCreation(microgridId: number, dispatch: NewDispatch, nowMs: number): Promise<void> {
  // The contract is slow to load, and help does not need it.
  const { encodeCreate } = await import('../client/requests.js');
  const { rehearseCreate } = await import('../service/domain/rehearseWrite.js');
  judged(() => rehearseCreate(encodeCreate(microgridId, dispatch), nowMs));
}

/**
 * Judges a change of a dispatch by the rules of the service, without one.
 *
 * @param nowMs the time by which a new start counts as past, milliseconds since the epoch
 * @throws CallError INVALID_ARGUMENT as if a service had refused it.
 */
export async function rehearseChange(record: DispatchRecord, changes: DispatchChanges, nowMs: number): Promise<void> {
  const { encodeUpdate } = await import('../client/requests.js');
  const { rehearseUpdate } = await import('../service/domain/rehearseWrite.js');
  judged(() => rehearseUpdate(record, encodeUpdate(record.microgridId, record.id, changes), nowMs));
}

/** Judges the writes of a group by the rules of the service, without one; see {@link rehearseCreation}. */
export async function rehearseGroup(microgridId: number, changes: readonly Change[], nowMs: number): Promise<void> {
  for (const change of changes) {
    if (change.kind === 'create') await rehearseCreation(microgridId, change.dispatch, nowMs);
    if (change.kind === 'update') await rehearseChange(change.record, change.changes, nowMs);
  }
}

function judged(rehearse: () => unknown): void {
  try {
    rehearse();
  } catch (error) {
    const isRefusal = error instanceof DispatchError && error.code === 'INVALID_ARGUMENT';
    if (!isRefusal && !(error instanceof RangeError)) throw error;
    throw new CallError(isRefusal ? error : new DispatchError('INVALID_ARGUMENT', error.message, { cause: error }), '');
  }
}
