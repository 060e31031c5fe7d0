import ical from 'ical.js';
import { Dispatch } from '../../dispatch.js';
import { messageOf } from '../../model/dispatchError.js';
import type { DispatchRecord } from '../../model/dispatchRecord.js';
import { calendarBegin, calendarEnd, calendarEvent } from '../../planning/calendar/calendarEvent.js';

/** Dispatches as a calendar (RFC 5545), and why some are left out that it cannot express. */
export function calendarOf(records: readonly DispatchRecord[]): { text: string; leftOut: string[] } {
  const leftOut: string[] = [];
  const events = records.map(record => {
    try {
      return `${calendarEvent(ical, new Dispatch(record))}\r\n`;
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      leftOut.push(`dispatch ${record.id}: ${messageOf(error)}`);
      return '';
    }
  });
  return { text: calendarBegin + events.join('') + calendarEnd, leftOut };
}
