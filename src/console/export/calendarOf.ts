import ical from 'ical.js';
import { Dispatch } from '../../dispatch.js';
import { messageOf } from '../../model/dispatchError.js';
import type { DispatchRecord } from '../../model/dispatchRecord.js';
import { calendarBegin, calendarEnd, calendarEvent } from '../../planning/calendar/calendarEvent.js';

/** Number of dispatches of a part. */
const partSize = 32;

/**
 * Dispatches as a calendar (RFC 5545), in parts, and why some are left out that it cannot express. After each part it yields the number of dispatches
 * that are done.
 */
export function* calendarOf(
  records: readonly DispatchRecord[],
): Generator<number, { parts: string[]; leftOut: string[] }, void> {
  const leftOut: string[] = [];
  const parts = [calendarBegin];
  for (const [index, record] of records.entries()) {
    try {
      parts.push(`${calendarEvent(ical, new Dispatch(record))}\r\n`);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      leftOut.push(`dispatch ${record.id}: ${messageOf(error)}`);
    }
    if (index % partSize === partSize - 1) yield index + 1;
  }
  parts.push(calendarEnd);
  return { parts, leftOut };
}
