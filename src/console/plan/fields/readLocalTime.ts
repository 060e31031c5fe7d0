import { offsetAt } from '../../../model/recurrence/localTime.js';
import { InvalidPlan } from '../../../planning/planError.js';
import {
  instantOfTime,
  lastInstantOfTime,
  type ReadTime,
  readIsoTime,
  splitZone,
} from '../../../planning/text/isoTime.js';

/**
 * Reads a time of a zone, unless the text names another one: of a day its midnight, or its last second.
 *
 * @returns milliseconds since the epoch
 * @throws InvalidPlan when it is no time.
 */
export function readLocalTime(text: string, zone: string, edge: 'first' | 'last' = 'first'): number {
  const read = readTime(text, zone);
  return edge === 'first' ? instantOfTime(read) : lastInstantOfTime(read);
}

/** A local time that a zone skips, as if it were UTC, milliseconds since the epoch; undefined when a text names no such time of that zone. */
export function skippedLocalTime(text: string, zone: string): number | undefined {
  const read = readTime(text, zone);
  const atMs = instantOfTime(read);
  return read.zone === zone && atMs + offsetAt(zone, atMs) !== read.ms ? read.ms : undefined;
}

function readTime(text: string, zone: string): ReadTime {
  const split = splitZone(text.trim());
  const read = readIsoTime(split.local, split.zone ?? zone);
  if (read === null || Number.isNaN(read.ms)) throw new InvalidPlan('It must be a time, such as 2026-04-01 14:00.');
  if (split.zone !== undefined && read.zone === null)
    throw new InvalidPlan(`Give either the zone ${split.zone} or an offset.`);
  return read;
}
