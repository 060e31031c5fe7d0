import {
  type CreateMicrogridDispatchRequest,
  Dispatch,
  type DispatchData,
  type UpdateMicrogridDispatchRequest,
} from '../../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { checkData, storedRow } from './checkData.js';
import type { DispatchWrite, StoredDispatch } from './dispatchStore.js';
import { invalidField } from './invalidRequest.js';
import { notFound } from './requestIds.js';
import { microsAtOrAfter, roundedSeconds, secondsAtOrAfter, timestampOfSeconds } from './timestamps.js';
import { applyUpdateMask, maskViolations } from './updateMask.js';

/** The write of a create request. */
export function createWrite({ dispatchData, startImmediately }: CreateMicrogridDispatchRequest): DispatchWrite {
  return {
    id: null,
    decide(_, { id, atUs }) {
      if (!dispatchData) throw invalidField('dispatch_data', 'must be set');
      const nowS = wholeSeconds(atUs);
      const startTime = startImmediately ? timestampOfSeconds(nowS) : dispatchData.startTime;
      const checked = checkData({ ...dispatchData, startTime }, 'dispatch_data', { nowS });
      return { kind: 'created', dispatch: storedRow({ id, createUs: atUs, updateUs: atUs }, checked) };
    },
  };
}

/** The write of an update request. An empty mask changes nothing. */
export function updateWrite(
  microgridId: number,
  id: number,
  { updateMask = [], update }: UpdateMicrogridDispatchRequest,
): DispatchWrite {
  return {
    id,
    decide(stored, { atUs }) {
      const old = decodeStored(microgridId, id, stored);
      if (updateMask.length === 0) return null;
      const data = applyUpdateMask(old.data, updateMask, update);
      const nowS = changesStartTime(old.data, data) ? wholeSeconds(atUs) : null;
      const checked = checkData(data, 'update', { nowS }, maskViolations(updateMask, update));
      return { kind: 'updated', dispatch: storedRow({ id, createUs: old.createUs, updateUs: atUs }, checked) };
    },
  };
}

/** The write of a delete request. The last state gets a new update time: with the same one clients would keep a ghost. */
export function deleteWrite(microgridId: number, id: number): DispatchWrite {
  return {
    id,
    decide(stored, { atUs }) {
      const { createUs, ...checked } = decodeStored(microgridId, id, stored);
      return { kind: 'deleted', dispatch: storedRow({ id, createUs, updateUs: atUs }, checked) };
    },
  };
}

/** Decodes a stored dispatch. */
function decodeStored(microgridId: number, id: number, stored: StoredDispatch | null) {
  if (!stored) throw notFound({ microgridId: BigInt(microgridId), dispatchId: BigInt(id) });
  const { metadata, data } = Dispatch.decode(stored.message);
  if (!metadata?.createTime || !data) throw new Error(`what is stored as dispatch ${id} is no dispatch`);
  const endS = metadata.endTime ? secondsAtOrAfter(metadata.endTime) : null;
  return { data, endS, createUs: microsAtOrAfter(metadata.createTime) };
}

/** Whether an update changes the start time. */
function changesStartTime(old: DispatchData, { startTime }: DispatchData): boolean {
  return !startTime || !old.startTime || roundedSeconds(startTime) !== roundedSeconds(old.startTime);
}

function wholeSeconds(micros: number): number {
  return Math.floor(micros / 1_000_000);
}
