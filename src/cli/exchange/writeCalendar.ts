import type { Dispatch } from '../../dispatch.js';
import { loadOptional } from '../../model/loadOptional.js';
import { calendarBegin, calendarEnd, calendarEvent } from '../../planning/calendar/calendarEvent.js';
import { ignoredFields } from '../../planning/planNotes.js';
import { planOf } from '../../planning/planned.js';
import { readCalendar } from './readCalendar.js';

/** Writes dispatches as a calendar (RFC 5545), piece by piece. */
export interface CalendarWriter {
  readonly begin: string;
  /**
   * Formats a dispatch as an event, which {@link readCalendar} reads as the same plan.
   *
   * @throws RangeError that says what a calendar cannot express.
   */
  event(dispatch: Dispatch): Promise<string>;
  readonly end: string;
}

/** Opens a writer of a calendar. */
export async function calendarWriter(): Promise<CalendarWriter> {
  const { default: ical } = await loadOptional('a calendar', () => import('ical.js'));
  return {
    begin: calendarBegin,
    event: async dispatch => {
      const text = `${calendarEvent(ical, dispatch)}\r\n`;
      await checkReadBack(dispatch, text);
      return text;
    },
    end: calendarEnd,
  };
}

/** A calendar has fewer characters, years and numbers than a dispatch: what it would not keep is found by reading it. */
async function checkReadBack({ record }: Dispatch, event: string): Promise<void> {
  const [entry] = await readCalendar(lines('BEGIN:VCALENDAR') + event + lines('END:VCALENDAR'), {});
  if (entry === undefined || 'refusal' in entry) throw new RangeError(entry?.refusal ?? 'it cannot be read back');
  const { startTimeMs: _, ...kept } = planOf(record);
  const lost = ignoredFields(kept, { ...record, ...entry.plan });
  if (lost.length > 0) throw new RangeError(`a calendar would not keep its ${lost.join(', ')}`);
}

function lines(...texts: string[]): string {
  return texts.map(text => `${text}\r\n`).join('');
}
