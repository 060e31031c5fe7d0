import { DispatchError } from '../../model/dispatchError.js';
import { invalidField } from './invalidRequest.js';

/**
 * Stands for every id of a request above 2^53-1. The contract allows such ids, this service assigns none: no dispatch and no
 * microgrid with dispatches has one. No id is negative, so no key has a right to it either, unless it has all.
 */
export const UNASSIGNED_ID = -1;

/** The ids of a request about one dispatch. */
export interface DispatchIds {
  readonly microgridId: bigint;
  readonly dispatchId: bigint;
}

/** Reads a microgrid or dispatch id of a request; {@link UNASSIGNED_ID} when it is above 2^53-1. */
export function readId(id: bigint): number {
  return id <= Number.MAX_SAFE_INTEGER ? Number(id) : UNASSIGNED_ID;
}

/**
 * Reads the ids of a request about a dispatch.
 *
 * @throws DispatchError NOT_FOUND when one of them is above 2^53-1.
 */
export function readDispatchIds(ids: DispatchIds): { readonly microgridId: number; readonly dispatchId: number } {
  const microgridId = readId(ids.microgridId);
  const dispatchId = readId(ids.dispatchId);
  if (microgridId === UNASSIGNED_ID || dispatchId === UNASSIGNED_ID) throw notFound(ids);
  return { microgridId, dispatchId };
}

/**
 * Reads the microgrid of a request that creates a dispatch.
 *
 * @throws DispatchError INVALID_ARGUMENT when the id is above 2^53-1.
 */
export function readNewMicrogridId(id: bigint): number {
  const microgridId = readId(id);
  if (microgridId === UNASSIGNED_ID) throw invalidField('microgrid_id', `must be 0 to 2^53-1, not ${id}`);
  return microgridId;
}

/** The error for a dispatch that a microgrid does not have. */
export function notFound({ microgridId, dispatchId }: DispatchIds): DispatchError {
  const safe = (id: bigint) => (readId(id) === UNASSIGNED_ID ? undefined : Number(id));
  return new DispatchError('NOT_FOUND', `microgrid ${microgridId} has no dispatch ${dispatchId}`, {
    microgridId: safe(microgridId),
    dispatchId: safe(dispatchId),
  });
}
