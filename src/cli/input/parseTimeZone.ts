import { UsageError } from './usageError.js';

/** Abbreviations that people type, and the zone that they probably mean. */
const PROBABLY: Readonly<Record<string, string>> = {
  CET: 'Europe/Berlin',
  CEST: 'Europe/Berlin',
  MEZ: 'Europe/Berlin',
  MESZ: 'Europe/Berlin',
  WET: 'Europe/Lisbon',
  WEST: 'Europe/Lisbon',
  EET: 'Europe/Athens',
  EEST: 'Europe/Athens',
  BST: 'Europe/London',
  EST: 'America/New_York',
  EDT: 'America/New_York',
  CST: 'America/Chicago',
  CDT: 'America/Chicago',
  MST: 'America/Denver',
  MDT: 'America/Denver',
  PST: 'America/Los_Angeles',
  PDT: 'America/Los_Angeles',
  IST: 'Asia/Kolkata',
  JST: 'Asia/Tokyo',
  AEST: 'Australia/Sydney',
  AEDT: 'Australia/Sydney',
};

/** An offset in whole hours; Node.js 20 has zones for these only, whose names have the other sign. */
const OFFSET = /^([+-])(\d{1,2})(?::?00)?$/;

/**
 * Parses a time zone: an IANA name such as `Europe/Berlin`, `UTC`, or an offset in whole hours such as `+02:00`. Abbreviations are
 * refused, because they are ambiguous.
 */
export function parseTimeZone(text: string): string {
  const name = text.trim();
  const probable = PROBABLY[name.toUpperCase()];
  if (probable !== undefined) throw new UsageError(`The abbreviation is ambiguous; use its name, such as ${probable}.`);
  const [, sign, hours] = OFFSET.exec(name) ?? [];
  const known = sign === undefined ? name : `Etc/GMT${sign === '+' ? '-' : '+'}${Number(hours)}`;
  try {
    const zone = new Intl.DateTimeFormat('en', { timeZone: known }).resolvedOptions().timeZone;
    return name.toUpperCase() === 'GMT' ? 'UTC' : zone;
  } catch {
    throw new UsageError('It must be a time zone such as Europe/Berlin, UTC or, in whole hours, +02:00.');
  }
}
