import type ICAL from 'ical.js';

import type { Dispatch } from '../../dispatch.js';
import { loadOptional } from '../../model/loadOptional.js';
import { ruleToRfc5545 } from '../../model/recurrence/ruleRfc5545.js';
import { startAtOrAfter } from '../../model/schedule.js';
import type { Selector } from '../../model/selector.js';
import { ignoredFields, type Plan, wholeRecord } from '../../planning/planNotes.js';
import { planOf } from '../../planning/planned.js';
import { parseSelector, selectorToText } from '../../planning/selectorText.js';
import { INACTIVE, X_DISPATCH } from './calendarNames.js';
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
    begin: lines('BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//xstate-dispatch//dispatch//EN'),
    event: async dispatch => {
      const text = `${eventOf(ical, dispatch)}\r\n`;
      await checkReadBack(dispatch, text);
      return text;
    },
    end: lines('END:VCALENDAR'),
  };
}

function eventOf(ical: typeof ICAL, dispatch: Dispatch): string {
  const { id, microgridId, type, selector, durationMs, payload, record } = dispatch;
  const startMs = firstStart(record);
  const event = new ical.Component('vevent');
  const add = (name: string, value: string | ICAL.Time | ICAL.Duration | ICAL.Recur) => {
    event.addPropertyWithValue(name, value);
  };
  const time = (ms: number) => ical.Time.fromJSDate(new Date(ms), true);
  add('uid', `${microgridId}-${id}@xstate-dispatch`);
  add('dtstamp', time(dispatch.updateTime.getTime()));
  add('dtstart', time(startMs));
  if (durationMs !== null) add('duration', ical.Duration.fromSeconds(durationMs / 1000));
  if (record.recurrence !== null) add('rrule', ical.Recur.fromString(ruleText(record.recurrence, startMs)));
  add('summary', type);
  if (!record.active) add('status', INACTIVE);
  const extra = (name: string, text: string) => {
    const property = new ical.Property(name);
    property.resetType('text');
    property.setValue(text);
    event.addProperty(property);
  };
  extra(X_DISPATCH.target, targetOf(selector));
  if (Object.keys(payload).length > 0) extra(X_DISPATCH.payload, JSON.stringify(payload));
  if (record.dryRun) extra(X_DISPATCH.dryRun, 'TRUE');
  if (durationMs === null) extra(X_DISPATCH.noEnd, 'TRUE');
  return event.toString();
}

/** The first run: a calendar takes DTSTART for one, whether the rule matches it or not (RFC 5545 section 3.8.5.3). */
function firstStart(plan: Plan): number {
  const { startTimeMs, durationMs, recurrence } = plan;
  if (recurrence !== null && durationMs === null) {
    throw new RangeError(
      'RRULE: without a duration a dispatch runs once, whatever its rule, and a calendar would repeat it',
    );
  }
  if (recurrence === null) {
    if (startTimeMs % 1000 === 0) return startTimeMs;
    throw new RangeError('DTSTART: a calendar has whole seconds only');
  }
  const first = startAtOrAfter(wholeRecord(plan), startTimeMs);
  if (first === null)
    throw new RangeError('RRULE: the rule reaches no time before it ends, and a calendar shows at least one');
  return Math.floor(first / 1000) * 1000;
}

function ruleText(rule: NonNullable<Plan['recurrence']>, startMs: number): string {
  return ruleToRfc5545(rule, startMs).split('\nRRULE:')[1] ?? '';
}

/** A target as people write it, or as JSON where that says something else, such as for an unknown category. */
function targetOf(selector: Selector): string {
  const text = selectorToText(selector);
  try {
    if (JSON.stringify(parseSelector(text)) === JSON.stringify(selector)) return text;
  } catch {
    // Not a target that people can write.
  }
  return JSON.stringify(selector);
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
