import {
  type CreateMicrogridDispatchRequest,
  Dispatch,
  type UpdateMicrogridDispatchRequest,
} from '../../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import type { DispatchRecord } from '../../model/dispatchRecord.js';
import { decodeDispatch, encodeDispatch } from '../../wire/dispatchCodec.js';
import type { DispatchWrite, StoredDispatch } from './dispatchStore.js';
import { createWrite, updateWrite } from './dispatchWrites.js';

/**
 * The dispatch that this service would store for a create request, without a service. Its id is 0.
 *
 * @param nowMs the time by which a start counts as past, milliseconds since the epoch
 * @throws DispatchError INVALID_ARGUMENT as the service would, with all violations.
 */
export function rehearseCreate(request: CreateMicrogridDispatchRequest, nowMs: number): DispatchRecord {
  const { microgridId } = request;
  const record = rehearsed(createWrite(request, Math.floor(nowMs / 1000)), null, Number(microgridId), nowMs);
  if (record === null) throw new Error('a create request made no dispatch');
  return record;
}

/**
 * The dispatch that this service would store for an update request, without a service; the same one when nothing changes.
 *
 * @param record what is updated
 * @param nowMs the time by which a new start counts as past, milliseconds since the epoch
 * @throws DispatchError INVALID_ARGUMENT as the service would, with all violations.
 * @throws RangeError that names the field when the record itself cannot be a message.
 */
export function rehearseUpdate(
  record: DispatchRecord,
  request: UpdateMicrogridDispatchRequest,
  nowMs: number,
): DispatchRecord {
  const { id, microgridId } = record;
  const stored = { id, message: Dispatch.encode(encodeDispatch(record)).finish() };
  return rehearsed(updateWrite(microgridId, id, request), stored, microgridId, nowMs) ?? record;
}

function rehearsed(
  write: DispatchWrite,
  stored: StoredDispatch | null,
  microgridId: number,
  nowMs: number,
): DispatchRecord | null {
  const nowUs = nowMs * 1000;
  const change = write.decide(stored, { id: write.id ?? 0, atUs: nowUs, nowUs });
  return change && decodeDispatch(Dispatch.decode(change.dispatch.message), microgridId);
}
