import { instantOf, offsetAt } from '../../../model/recurrence/localTime.js';

/** A local time that has a year of four digits, as it is typed. */
const WRITABLE = /^\d{4}-/;

/**
 * Formats an instant as a time of a zone that is read as the same instant there: `2026-04-01 14:00`. Seconds and milliseconds are left out where
 * they are 0, and the offset stands behind the second of two equal local times.
 */
export function localTimeText(atMs: number, zone: string): string {
  const localMs = atMs + offsetAt(zone, atMs);
  const isPlain = instantOf(zone, localMs) === atMs;
  const local = isoText(localMs);
  const offset = isPlain ? '' : offsetText(localMs - atMs);
  return WRITABLE.test(local) && offset !== null ? local + offset : `${isoText(atMs)}Z`;
}

function isoText(ms: number): string {
  const [day = '', time = ''] = new Date(ms).toISOString().slice(0, -1).split('T');
  return `${day} ${time.replace(/\.000$/, '').replace(/^(\d\d:\d\d):00$/, '$1')}`;
}

/** Null for an offset that is not in whole minutes. */
function offsetText(offsetMs: number): string | null {
  const minutes = Math.abs(offsetMs) / 60_000;
  if (!Number.isInteger(minutes)) return null;
  const part = (value: number) => String(value).padStart(2, '0');
  return `${offsetMs < 0 ? '-' : '+'}${part(Math.floor(minutes / 60))}:${part(minutes % 60)}`;
}
