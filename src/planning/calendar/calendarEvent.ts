import type ICAL from 'ical.js';
import type { Dispatch } from '../../dispatch.js';
import { ruleToRfc5545 } from '../../model/recurrence/ruleRfc5545.js';
import { startAtOrAfter } from '../../model/schedule.js';
import type { Selector } from '../../model/selector.js';
import { type Plan, wholeRecord } from '../planNotes.js';
import { parseSelector, selectorToText } from '../selectorText.js';
import { printable, UNPRINTABLE } from '../text/printable.js';
import { INACTIVE, X_DISPATCH } from './calendarNames.js';

/** The lines of a calendar (RFC 5545) before its events. */
export const calendarBegin = lines('BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//xstate-dispatch//dispatch//EN');

/** The lines of a calendar (RFC 5545) after its events. */
export const calendarEnd = lines('END:VCALENDAR');

/**
 * Formats a dispatch as an event of a calendar (RFC 5545), without the end of its last line.
 *
 * @param ical The module `ical.js`, which is optional to install.
 * @throws RangeError that says what a calendar cannot express.
 */
export function calendarEvent(ical: typeof ICAL, dispatch: Dispatch): string {
  const { id, microgridId, type, selector, durationMs, payload, record } = dispatch;
  if (UNPRINTABLE.test(type)) {
    throw new RangeError(
      'SUMMARY: a calendar has no control characters, nor those that change the direction of text, and the type does',
    );
  }
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
  if (Object.keys(payload).length > 0) extra(X_DISPATCH.payload, printable(JSON.stringify(payload)));
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

function lines(...texts: string[]): string {
  return texts.map(text => `${text}\r\n`).join('');
}
