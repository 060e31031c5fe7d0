import type ICAL from 'ical.js';

import { messageOf } from '../../model/dispatchError.js';
import type { JsonObject } from '../../model/dispatchRecord.js';
import { loadOptional } from '../../model/loadOptional.js';
import { instantOf } from '../../model/recurrence/localTime.js';
import type { RecurrenceRule } from '../../model/recurrence/recurrenceRule.js';
import { ruleFromRfc5545 } from '../../model/recurrence/ruleRfc5545.js';
import type { Selector } from '../../model/selector.js';
import { INACTIVE, X_DISPATCH } from '../../planning/calendar/calendarNames.js';
import { singleRun } from '../../planning/groups/singleRun.js';
import { localTimeNotes } from '../../planning/localTimeNotes.js';
import type { DispatchPlan } from '../../planning/planned.js';
import { parseSelector } from '../../planning/selectorText.js';
import { parsePayload } from '../../planning/text/parsePayload.js';
import { OperationFailed } from '../operationFailed.js';
import { plansOfEvent } from './eventGroup.js';
import { type ExchangeEntry, ofAnyRun, type ReadPlans, readEntries } from './exchangeEntry.js';
import { selectorFromJson } from './readJsonLines.js';

/** What events of a calendar do not say. */
export interface CalendarDefaults {
  /** Target of an event without `X-DISPATCH-TARGET`. */
  readonly selector?: Selector | undefined;
}

/** Properties that change when an event happens, and that a dispatch cannot have. */
const REFUSED = ['recurrence-id', 'rdate', 'exrule'];

/** Whether a text is a calendar. */
export function isCalendar(text: string): boolean {
  return /^\uFEFF?\s*BEGIN:VCALENDAR/i.test(text);
}

/**
 * Reads the events of a calendar (RFC 5545). Times are in UTC or in an IANA zone. What says nothing about runs, such as descriptions, attendees and alarms, is
 * read over; what does and cannot be a dispatch is refused, by its name.
 *
 * @throws OperationFailed when the text is no calendar.
 */
export async function readCalendar(text: string, defaults: CalendarDefaults): Promise<ExchangeEntry[]> {
  const { default: ical } = await loadOptional('a calendar', () => import('ical.js'));
  const uids = new Set<string>();
  return calendarsOf(ical, text).flatMap(calendar => {
    const method = textOf(calendar, 'method') ?? 'PUBLISH';
    return calendar.getAllSubcomponents().flatMap(component => {
      if (component.name === 'vtimezone') return [];
      const uid = textOf(component, 'uid');
      const source = uid === undefined ? `a ${component.name.toUpperCase()} without UID` : `event ${uid}`;
      const isRepeated = uid !== undefined && uids.has(uid);
      if (uid !== undefined) uids.add(uid);
      return readEntries(source, () => {
        if (method.toUpperCase() !== 'PUBLISH') throw new RangeError(`METHOD:${method} is not supported`);
        const { plans, notes: [first = [], ...others] = [] } = plansFromEvent(component, uid, defaults);
        const ofUid = isRepeated ? [ofAnyRun('an earlier event has the same UID: both are taken')] : [];
        return { plans, notes: [[...ofUid, ...first], ...others] };
      });
    });
  });
}

function calendarsOf(ical: typeof ICAL, text: string): ICAL.Component[] {
  try {
    const parsed: unknown[] = ical.parse(text.replace(/^\uFEFF/, ''));
    const roots = (Array.isArray(parsed[0]) ? parsed : [parsed]) as unknown[][];
    return roots.map(root => new ical.Component(root));
  } catch (error) {
    throw new OperationFailed('INVALID_ARGUMENT', `The calendar cannot be read: ${messageOf(error)}.`);
  }
}

function plansFromEvent(event: ICAL.Component, uid: string | undefined, { selector }: CalendarDefaults): ReadPlans {
  if (event.name !== 'vevent') throw new RangeError(`${event.name.toUpperCase()} is not supported, only VEVENT`);
  const refused = REFUSED.find(name => event.hasProperty(name));
  if (refused !== undefined) throw new RangeError(`${refused.toUpperCase()} is not supported`);
  const start = timeOf(event, 'dtstart');
  if (start === null) throw new RangeError('DTSTART is missing');
  const target = textOf(event, X_DISPATCH.target);
  const wanted = target === undefined ? selector : targetFrom(target);
  if (wanted === undefined) throw new RangeError('it has no X-DISPATCH-TARGET: give a --target');
  const type = textOf(event, 'summary') ?? '';
  if (type === '') throw new RangeError('SUMMARY is missing: it is the type of the dispatch');
  const recurrence = ruleOf(event);
  const plan: DispatchPlan = {
    type,
    startTimeMs: start.ms,
    durationMs: durationOf(event, start, recurrence !== null),
    selector: wanted,
    active: isActive(event),
    dryRun: flagOf(event, X_DISPATCH.dryRun),
    payload: payloadOf(event),
    recurrence,
  };
  const exceptions = event.getAllProperties('exdate').flatMap(property => timesOf(property).map(({ ms }) => ms));
  const read = plansOfEvent(plan, { uid, zone: start.zone, localStartMs: start.localMs, exceptions });
  const [first = [], ...others] = read.notes ?? [];
  const isElapsed = recurrence === null && textOf(event, 'duration')?.includes('T');
  const ofEnd = isElapsed && start.zone !== null ? singleRun(start.zone, plan).notes : [];
  const ofRun = [...start.notes, ...ofEnd].map(text => ({ startMs: start.ms, text }));
  return { plans: read.plans, notes: [[...ofRun, ...first], ...others] };
}

/** The only value of a property; undefined without the property. */
function textOf(component: ICAL.Component, name: string): string | undefined {
  const [first, second] = component.getAllProperties(name);
  if (second !== undefined) throw new RangeError(`${name.toUpperCase()} must be given once`);
  const value = first?.jCal[3];
  if (value === undefined) return undefined;
  return first?.type === 'unknown' ? unescaped(String(value)) : String(value);
}

/** The text of a property that the library does not know; it is TEXT by default (RFC 5545 section 3.8.8.2). */
function unescaped(text: string): string {
  return text.replace(/\\([\\;,nN])/g, (_, char: string) => (char.toLowerCase() === 'n' ? '\n' : char));
}

/** A time of an event. */
interface EventTime {
  /** Milliseconds since the epoch. */
  readonly ms: number;
  /** Its zone; null: UTC. */
  readonly zone: string | null;
  /** As it is written, as if it were UTC. */
  readonly localMs: number;
  /** Whether its zone skips it, or has it twice, in a sentence. */
  readonly notes: readonly string[];
}

/** The time of a property; null without the property. */
function timeOf(event: ICAL.Component, name: string): EventTime | null {
  if (textOf(event, name) === undefined) return null;
  const property = event.getFirstProperty(name);
  return (property && timesOf(property)[0]) ?? null;
}

/** The times of a property, in UTC or in its zone. */
function timesOf(property: ICAL.Property): EventTime[] {
  const name = property.name.toUpperCase();
  const zone = property.getFirstParameter('tzid') || null;
  return property.jCal.slice(3).map(value => {
    const text = String(value);
    if (property.type === 'date') throw new RangeError(`${name} must be a time, got the day ${text}`);
    const isLocal = zone !== null && !text.endsWith('Z');
    const ms = isLocal || text.endsWith('Z') ? Date.parse(isLocal ? `${text}Z` : text) : Number.NaN;
    if (Number.isNaN(ms) || !new Date(ms).toISOString().startsWith(text.slice(0, 19))) {
      throw new RangeError(
        /^[\d-]{10}T[\d:]{8}/.test(text) && (isLocal || text.endsWith('Z'))
          ? `${name} is ${text}, a time that does not exist`
          : `${name} must be a time in UTC such as 20260401T140000Z, or have a TZID, got ${text}`,
      );
    }
    return isLocal
      ? { ms: instantIn(zone, ms, name), zone, localMs: ms, notes: localTimeNotes(zone, ms) }
      : { ms, zone: null, localMs: ms, notes: [] };
  });
}

function instantIn(zone: string, localMs: number, name: string): number {
  try {
    return instantOf(zone, localMs);
  } catch (error) {
    if (error instanceof RangeError)
      throw new RangeError(`${name}: TZID must be an IANA name such as Europe/Berlin, got ${zone}`);
    throw error;
  }
}

/**
 * The duration of an event in elapsed time. Days and weeks of a single one are those of the local clock (RFC 5545 section 3.3.6); those of one with
 * a rule are of 24 hours, because all its runs have one duration.
 */
function durationOf(event: ICAL.Component, { ms: startMs, zone, localMs }: EventTime, recurs: boolean): number | null {
  const endMs = timeOf(event, 'dtend')?.ms ?? null;
  const text = textOf(event, 'duration');
  const hasNoEnd = flagOf(event, X_DISPATCH.noEnd);
  if ([endMs !== null, text !== undefined, hasNoEnd].filter(Boolean).length > 1) {
    throw new RangeError('DTEND, DURATION and X-DISPATCH-NO-END exclude each other');
  }
  if (hasNoEnd) return null;
  if (text === undefined) return endMs === null ? 0 : positive('DTEND', endMs - startMs);
  const [, sign, weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0] =
    /^([+-])?P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/.exec(text) ?? [];
  const daysMs = (Number(weeks) * 7 + Number(days)) * 24 * 3_600_000;
  const clockMs = zone === null || recurs ? daysMs : instantOf(zone, localMs + daysMs) - startMs;
  const total = clockMs + ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
  return positive('DURATION', sign === '-' ? -total : total);
}

function positive(name: string, durationMs: number): number {
  if (durationMs >= 0) return durationMs;
  throw new RangeError(`${name} must not be before the start`);
}

function isActive(event: ICAL.Component): boolean {
  const status = textOf(event, 'status')?.toUpperCase() ?? 'CONFIRMED';
  if (status === 'CONFIRMED' || status === INACTIVE) return status === 'CONFIRMED';
  throw new RangeError(`STATUS must be CONFIRMED or ${INACTIVE}, got ${status}`);
}

function flagOf(event: ICAL.Component, name: string): boolean {
  const text = textOf(event, name)?.toUpperCase() ?? 'FALSE';
  if (text === 'TRUE' || text === 'FALSE') return text === 'TRUE';
  throw new RangeError(`${name.toUpperCase()} must be TRUE or FALSE, got ${text}`);
}

function payloadOf(event: ICAL.Component): JsonObject {
  const text = textOf(event, X_DISPATCH.payload);
  return text === undefined ? {} : parsePayload(text);
}

function targetFrom(text: string): Selector {
  return text.startsWith('{') ? selectorFromJson(parsePayload(text)) : parseSelector(text);
}

/** The library has numbers for the days on which a week starts. */
const ICAL_WEEKDAYS = ['SU', 'MO', 'TU', 'WE', 'TH', 'FR', 'SA'];

/** The rule as the file has it: what the library does not know would be missing in its own. */
function ruleOf(event: ICAL.Component): RecurrenceRule | null {
  const [property, second] = event.getAllProperties('rrule');
  if (property === undefined) return null;
  if (second !== undefined) throw new RangeError('RRULE must be given once');
  const parts = Object.entries(property.jCal[3] as Record<string, unknown>).map(([name, value]) => {
    const text = [value].flat().join(',');
    if (name === 'wkst') return `WKST=${ICAL_WEEKDAYS[Number(value) - 1] ?? text}`;
    return `${name.toUpperCase()}=${name === 'until' ? text.replace(/[-:]/g, '') : text}`;
  });
  try {
    return ruleFromRfc5545(parts.join(';'));
  } catch (error) {
    throw error instanceof RangeError ? new RangeError(`RRULE: ${error.message}`) : error;
  }
}
