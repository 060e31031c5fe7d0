import type { Dispatch as DispatchMessage } from '../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { DispatchError } from '../model/dispatchError.js';
import type { DispatchRecord } from '../model/dispatchRecord.js';
import { decodeId, encodeId } from './integerCodec.js';
import { decodePayload, encodePayload } from './payloadCodec.js';
import { decodeRecurrenceRule, encodeRecurrenceRule } from './recurrenceRuleCodec.js';
import { decodeSelector, encodeSelector } from './selectorCodec.js';
import { encodeText } from './textCodec.js';
import { decodeInstantMs, decodeInstantText, encodeInstantMs, encodeInstantText } from './timestampCodec.js';
import { undecodable } from './undecodable.js';

/**
 * Converts the message of a dispatch to its record.
 *
 * @throws DispatchError `UNDECODABLE`, with the field and the ids, when this version cannot represent it.
 */
export function decodeDispatch(message: DispatchMessage, microgridId: number): DispatchRecord {
  const { metadata } = message;
  if (metadata === undefined) throw withIds(undecodable('metadata', 'is missing'), microgridId);
  try {
    return decode(message, metadata, microgridId);
  } catch (error) {
    throw error instanceof DispatchError ? withIds(error, microgridId, metadata.dispatchId) : error;
  }
}

/**
 * Converts the record of a dispatch to its message. Create and update times are always written.
 *
 * @throws RangeError that names the field when the contract cannot represent its value.
 */
export function encodeDispatch(record: DispatchRecord): DispatchMessage {
  const { id, createTime, updateTime, endTimeMs } = record;
  return {
    metadata: {
      dispatchId: encodeId(id, 'id'),
      createTime: encodeInstantText(createTime, 'createTime'),
      updateTime: encodeInstantText(updateTime, 'updateTime'),
      endTime: endTimeMs === null ? undefined : encodeInstantMs(endTimeMs, 'endTime'),
    },
    data: {
      type: encodeText(record.type, 'type'),
      startTime: encodeInstantMs(record.startTimeMs, 'startTime'),
      duration: encodeDuration(record.durationMs),
      target: encodeSelector(record.selector, 'selector'),
      isActive: record.active,
      isDryRun: record.dryRun,
      payload: encodePayload(record.payload, 'payload'),
      recurrence: record.recurrence === null ? undefined : encodeRecurrenceRule(record.recurrence, 'recurrence'),
    },
  };
}

/**
 * Converts a duration to the wire format: whole seconds in 32 bits, undefined for no end.
 *
 * @throws RangeError when it is not in whole seconds, or out of range.
 */
export function encodeDuration(durationMs: number | null): number | undefined {
  if (durationMs === null) return undefined;
  const seconds = durationMs / 1000;
  if (Number.isInteger(seconds) && seconds >= 0 && seconds < 2 ** 32) return seconds;
  throw new RangeError(`durationMs must be a multiple of 1000 from 0 to (2^32-1) * 1000, not ${durationMs}`);
}

function decode(
  { data }: DispatchMessage,
  metadata: NonNullable<DispatchMessage['metadata']>,
  microgridId: number,
): DispatchRecord {
  if (data === undefined) throw undecodable('data', 'is missing');
  if (data.startTime === undefined) throw undecodable('data.start_time', 'is missing');
  return {
    id: decodeId(metadata.dispatchId, 'metadata.dispatch_id'),
    microgridId,
    type: data.type,
    startTimeMs: decodeInstantMs(data.startTime, 'data.start_time'),
    durationMs: data.duration === undefined ? null : data.duration * 1000,
    selector: decodeSelector(data.target, 'data.target'),
    active: data.isActive,
    dryRun: data.isDryRun,
    payload: decodePayload(data.payload, 'data.payload'),
    recurrence: decodeRecurrenceRule(data.recurrence, 'data.recurrence'),
    createTime: decodeInstantText(metadata.createTime, 'metadata.create_time'),
    updateTime: decodeInstantText(metadata.updateTime, 'metadata.update_time'),
    endTimeMs: metadata.endTime === undefined ? null : decodeInstantMs(metadata.endTime, 'metadata.end_time'),
  };
}

function withIds(error: DispatchError, microgridId: number, id?: bigint): DispatchError {
  const dispatchId = id !== undefined && id <= Number.MAX_SAFE_INTEGER ? Number(id) : undefined;
  const message = `dispatch ${id ?? 'without id'}: ${error.message}`;
  return new DispatchError(error.code, message, { microgridId, dispatchId, field: error.field });
}
