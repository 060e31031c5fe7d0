import { InvalidPlan } from '../../../planning/planError.js';
import { instantOfTime, lastInstantOfTime, readIsoTime, splitZone } from '../../../planning/text/isoTime.js';

/**
 * Reads a time of a zone, unless the text names another one: of a day its midnight, or its last second.
 *
 * @returns milliseconds since the epoch
 * @throws InvalidPlan when it is no time.
 */
export function readLocalTime(text: string, zone: string, edge: 'first' | 'last' = 'first'): number {
  const split = splitZone(text.trim());
  const read = readIsoTime(split.local, split.zone ?? zone);
  if (read === null || Number.isNaN(read.ms)) throw new InvalidPlan('It must be a time, such as 2026-04-01 14:00.');
  if (split.zone !== undefined && read.zone === null)
    throw new InvalidPlan(`Give either the zone ${split.zone} or an offset.`);
  return edge === 'first' ? instantOfTime(read) : lastInstantOfTime(read);
}
