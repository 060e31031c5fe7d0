import type { LogPosition } from '../../wire/logPosition.js';

/**
 * A place in a change log: after an entry, which the log must still have, or after whatever entry had this `seq`.
 *
 * The `seq` alone does not tell that a database was replaced by an older one, such as a restored backup, and went on.
 */
export type LogCursor = LogPosition | number;

/** The position after an entry. */
export function positionOf({ seq, atUs, id }: LogPosition): LogPosition {
  return { seq, atUs, id };
}

/** The `seq` of a cursor. */
export function seqOf(cursor: LogCursor): number {
  return typeof cursor === 'number' ? cursor : cursor.seq;
}

/** Whether an entry is the one of a position. */
export function isEntryOf({ seq, atUs, id }: LogPosition, entry: LogPosition | undefined): boolean {
  return entry?.seq === seq && entry.atUs === atUs && BigInt(entry.id) === BigInt(id);
}
