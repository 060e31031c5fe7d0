import { instantOf, offsetAt, offsetChanges } from '../model/recurrence/localTime.js';
import { zonedTimeText } from './zonedTimeText.js';

const DAY_MS = 24 * 3_600_000;

/**
 * Tells that a zone skips a local time, or has it twice, and which instant is meant then; no sentence for any other time.
 *
 * @param localMs the local time as if it were UTC, milliseconds since the epoch
 */
export function localTimeNotes(zone: string, localMs: number): string[] {
  const atMs = instantOf(zone, localMs);
  const local = new Date(localMs).toISOString().slice(0, 16).replace('T', ' ');
  const taken = zonedTimeText(atMs, zone);
  if (atMs + offsetAt(zone, atMs) !== localMs) {
    return [`${local} does not exist in ${zone}, where the clock goes forward over it: ${taken} is taken.`];
  }
  // After a change back, the same local time comes again: at an instant that is not before the change.
  const isTwice = offsetChanges(zone, atMs, atMs + DAY_MS).some(
    ({ atMs: changeMs, beforeMs, afterMs }) =>
      afterMs < beforeMs && localMs - afterMs >= changeMs && localMs - beforeMs < changeMs,
  );
  return isTwice
    ? [`${local} comes twice in ${zone}, where the clock goes back over it: the first, ${taken}, is taken.`]
    : [];
}
