import { instantOf } from '../../model/recurrence/localTime.js';
import { isDate } from '../parseInstant.js';
import { InvalidText } from './invalidText.js';
import { parseTimeZone, refuseAbbreviation } from './parseTimeZone.js';

const ISO = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)\s*(Z|UTC|[+-]\d{2}(?::?\d{2})?)?)?$/i;
/** A time and the IANA name of its zone. */
const ZONED = /^(.*\S)\s+([a-z]+(?:\/[a-z0-9_+-]+)+)$/i;
const DAY_MS = 24 * 3_600_000;

/** A time that was read. */
export interface ReadTime {
  /** Milliseconds since the epoch; with a zone the local time as if it were UTC. NaN: the text names no time. */
  readonly ms: number;
  readonly zone: string | null;
  /** Whether it is the midnight of a day that was given without a time. */
  readonly isDay: boolean;
}

/** Whether a time expression means the present time, evaluated when the service receives it. */
export function isNow(text: string): boolean {
  return text.trim().toLowerCase() === 'now';
}

/** A text without the zone at its end. */
export interface ZonedText {
  readonly local: string;
  /** Undefined: it names none. */
  readonly zone: string | undefined;
}

/** Takes the name of a zone from the end of a time. Abbreviations are refused. */
export function splitZone(text: string): ZonedText {
  const [, abbreviation = ''] = /[\s\d]([a-z]{2,5})$/i.exec(text) ?? [];
  refuseAbbreviation(abbreviation);
  const [, local = text, name] = ZONED.exec(text) ?? [];
  return { local, zone: name === undefined ? undefined : parseTimeZone(name) };
}

/**
 * Reads a time of ISO 8601, such as `2026-04-01`, `2026-04-01 14:00` or `2026-04-01T14:00+02:00`; null when the text has another form.
 *
 * @param zone of a time that has no offset
 */
export function readIsoTime(text: string, zone: string): ReadTime | null {
  const [match, day, time, offset] = ISO.exec(text) ?? [];
  if (match === undefined || day === undefined) return null;
  const ms = isDate(day) ? Date.parse(`${day}T${time ?? '00:00'}${isoZone(offset ?? 'Z')}`) : Number.NaN;
  return { ms, zone: offset === undefined ? zone : null, isDay: time === undefined };
}

/**
 * Checks that a time has one zone.
 *
 * @param named the zone behind it
 */
export function checkOneZone({ zone }: ReadTime, named: string | undefined): void {
  if (named === undefined || zone !== null) return;
  throw new InvalidText(`give either a zone such as ${named}, or an offset or a span from now.`);
}

/** The instant of a time, milliseconds since the epoch: of a day its midnight. */
export function instantOfTime({ ms, zone }: ReadTime): number {
  return zone === null ? ms : instantOf(zone, ms);
}

/** The last instant of a time, milliseconds since the epoch: of a day its last second. */
export function lastInstantOfTime({ ms, zone, isDay }: ReadTime): number {
  return instantOfTime({ ms: isDay ? ms + DAY_MS : ms, zone, isDay }) - (isDay ? 1000 : 0);
}

/** `Z`, or hours and minutes with a colon: the only forms that Date reads. */
function isoZone(zone: string): string {
  const [, sign, hours, minutes = '00'] = /^([+-])(\d{2}):?(\d{2})?$/.exec(zone) ?? [];
  return sign === undefined ? 'Z' : `${sign}${hours}:${minutes}`;
}
