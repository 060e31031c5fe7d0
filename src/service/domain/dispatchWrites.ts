import {
  type CreateMicrogridDispatchRequest,
  Dispatch,
  type DispatchData,
  type UpdateMicrogridDispatchRequest_DispatchUpdate as DispatchUpdate,
  RecurrenceRule_Frequency,
  type UpdateMicrogridDispatchRequest,
} from '../../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { checkData, completeData, storedRow } from './checkData.js';
import type { DispatchWrite, StoredDispatch } from './dispatchStore.js';
import { invalidField, refuseViolations, type Violation } from './invalidRequest.js';
import { notFound } from './requestIds.js';
import { microsAtOrAfter, roundedSeconds, secondsAtOrAfter, timestampOfSeconds } from './timestamps.js';
import { applyUpdateMask, maskViolations } from './updateMask.js';
import { startTimeProblem, validateDispatchData } from './validateDispatchData.js';

/** Valid data, in place of those that an update does not touch. */
const VALID_DATA: DispatchData = {
  type: 'ANY',
  startTime: timestampOfSeconds(0),
  duration: undefined,
  target: { components: { $case: 'componentIds', value: { ids: [1n] } } },
  isActive: true,
  isDryRun: false,
  payload: undefined,
  recurrence: {
    freq: RecurrenceRule_Frequency.DAILY,
    interval: 0,
    endCriteria: undefined,
    byminutes: [],
    byhours: [],
    byweekdays: [],
    bymonthdays: [],
    bymonths: [],
  },
};

/**
 * The write of a create request.
 *
 * @param aboutS - the time of this process, in whole seconds since the epoch: a request that is wrong anyway is told of a past start, too.
 * @throws DispatchError INVALID_ARGUMENT when it can never be made, whatever the time is, so that nothing of it has to wait.
 */
export function createWrite(
  { dispatchData, startImmediately }: CreateMicrogridDispatchRequest,
  aboutS: number | null = null,
): DispatchWrite {
  if (!dispatchData) throw invalidField('dispatch_data', 'must be set');
  const timed = startImmediately ? { ...dispatchData, startTime: VALID_DATA.startTime } : dispatchData;
  // The first violation refuses it, with all of them.
  for (const _ of validateDispatchData(timed, 'dispatch_data', { nowS: null })) {
    refuseViolations(validateDispatchData(timed, 'dispatch_data', { nowS: startImmediately ? null : aboutS }));
  }
  const complete = (startTime = dispatchData.startTime) =>
    completeData({ ...dispatchData, startTime }, 'dispatch_data');
  const timeless = startImmediately ? null : complete();
  return {
    id: null,
    decide(_, { id, atUs, nowUs }) {
      const nowS = wholeSeconds(nowUs);
      const problem = timeless && startTimeProblem(timeless.data, { nowS });
      if (problem !== null) throw invalidField('dispatch_data.start_time', problem);
      const checked = timeless ?? complete(timestampOfSeconds(nowS));
      return { kind: 'created', dispatch: storedRow({ id, createUs: atUs, updateUs: atUs }, checked) };
    },
  };
}

/**
 * The write of an update request. An empty mask changes nothing.
 *
 * @throws DispatchError INVALID_ARGUMENT when it can never be made, whatever it updates.
 */
export function updateWrite(
  microgridId: number,
  id: number,
  { updateMask = [], update }: UpdateMicrogridDispatchRequest,
): DispatchWrite {
  if (updateMask.length > 0) refuseViolations(maskViolations(updateMask, update), namedViolations(updateMask, update));
  return {
    id,
    decide(stored, { atUs, nowUs }) {
      const old = decodeStored(microgridId, id, stored);
      if (updateMask.length === 0) return null;
      const data = applyUpdateMask(old.data, updateMask, update);
      const nowS = changesStartTime(old.data, data) ? wholeSeconds(nowUs) : null;
      const checked = checkData(data, 'update', { nowS }, maskViolations(updateMask, update));
      const dispatch = storedRow({ id, createUs: old.createUs, updateUs: atUs }, checked);
      return { kind: 'updated', dispatch, keepsTarget: !updateMask.includes('target') };
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

/** Violations of what a mask names, whatever the rest is. */
function namedViolations(mask: readonly string[], update: DispatchUpdate | undefined): Iterable<Violation> {
  return validateDispatchData(applyUpdateMask(VALID_DATA, mask, update), 'update', { nowS: null });
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
