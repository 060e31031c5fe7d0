import { describe, expect, it } from 'vitest';
import {
  CreateMicrogridDispatchRequest,
  type DeepPartial,
  Dispatch,
  type DispatchData,
  type UpdateMicrogridDispatchRequest_DispatchUpdate as DispatchUpdate,
  UpdateMicrogridDispatchRequest,
} from '../../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import type { DispatchRow } from '../../../src/service/domain/dispatchStore.js';
import { createWrite, updateWrite } from '../../../src/service/domain/dispatchWrites.js';
import { daily } from '../../support/dispatchParts.js';
import { dispatchData } from '../../support/rawService.js';

/** The instant of each write, in the middle of a second. */
const NOW_S = 1_800_000_000;
const NOW = stampAt(NOW_S * 1e6 + 900_000);
const HOUR_LATER = stampAt(NOW.nowUs + 3600e6);

function stampAt(nowUs: number) {
  return { id: 1, atUs: nowUs, nowUs };
}

const at = (offsetS: number, nanos = 0) => ({ seconds: BigInt(NOW_S + offsetS), nanos });

function createdRow(data: DeepPartial<DispatchData>): DispatchRow {
  const request = CreateMicrogridDispatchRequest.fromPartial({ dispatchData: dispatchData(data) });
  const change = createWrite(request).decide(null, NOW);
  if (!change) throw new Error('nothing was created');
  return change.dispatch;
}

function updatedHourLater(old: DispatchRow, updateMask: string[], update: DeepPartial<DispatchUpdate>) {
  const request = UpdateMicrogridDispatchRequest.fromPartial({ updateMask, update });
  const row = updateWrite(1, 1, request).decide(old, HOUR_LATER)?.dispatch;
  return row && Dispatch.decode(row.message);
}

describe('a new start time', () => {
  it.each([
    ['of this second', at(0)],
    ['five seconds ago', at(-5)],
    ['that rounding brings within five seconds', at(-6, 500_000_001)],
    ['of the last seconds of 9999', at(253_402_300_799 - NOW_S)],
  ])('may be one %s', (_, startTime) => {
    expect(() => createdRow({ startTime, duration: 0 })).not.toThrow();
  });

  it.each([
    ['six seconds ago', at(-6), 6],
    ['that rounding takes out of five seconds', at(-6, 499_999_999), 6],
    ['of the year 1', at(-62_135_596_800 - NOW_S), 63_935_596_800],
  ])('may not be one %s', (_, startTime, agoS) => {
    expect(() => createdRow({ startTime })).toThrow(
      `dispatch_data.start_time: must not be in the past: it is ${agoS} s before the time of this service`,
    );
  });

  it('is asked for by an update that gives another one, not by one that gives the present one or none', () => {
    const running = createdRow({ startTime: at(0), duration: 7200, ...daily() });
    const { data } = Dispatch.decode(running.message);
    expect(updatedHourLater(running, ['duration', 'is_active'], { duration: 60, isActive: false })?.data).toEqual({
      ...data,
      duration: 60,
      isActive: false,
    });
    expect(updatedHourLater(running, ['start_time'], { startTime: at(0, 499_999_999) })?.data).toEqual(data);
    expect(updatedHourLater(running, ['start_time'], { startTime: at(3595) })?.data?.startTime).toEqual(at(3595));
    expect(() => updatedHourLater(running, ['start_time'], { startTime: at(1) })).toThrow(
      'update.start_time: must not be in the past: it is 3599 s before the time of this service',
    );
  });
});

describe('the end time', () => {
  it('is calculated anew by an update of what it depends on, and gone when there is none', () => {
    const row = createdRow({ startTime: at(0), duration: 60 });
    const endOf = (mask: string[], update: DeepPartial<DispatchUpdate>) =>
      updatedHourLater(row, mask, update)?.metadata?.endTime;
    expect(row.endS).toBe(NOW_S + 60);
    expect(endOf(['is_active'], { isActive: false })).toEqual(at(60));
    expect(endOf(['duration'], { duration: 90 })).toEqual(at(90));
    expect(endOf(['duration'], {})).toBeUndefined();
    expect(endOf(['start_time'], { startTime: at(9000) })).toEqual(at(9060));
    const recurrence = { freq: 3, endCriteria: { countOrUntil: { $case: 'count', value: 2 } } } as const;
    expect(endOf(['recurrence'], { recurrence })).toEqual(at(86_460));
    expect(endOf(['recurrence'], { recurrence: { freq: 3 } })).toBeUndefined();
  });
});
