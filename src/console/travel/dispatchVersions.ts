import type { AuditEntry } from '../../client/audit.js';
import type { DispatchRecord } from '../../model/dispatchRecord.js';

/** A dispatch as it was between two of its changes: `[fromMs, toMs)`. */
export interface DispatchVersion {
  readonly record: DispatchRecord;
  /** When it was created or changed to this, milliseconds since the epoch; -Infinity: before the first entry that is known. */
  readonly fromMs: number;
  /** When it was changed again or deleted, milliseconds since the epoch; Infinity: it is as it was. */
  readonly toMs: number;
}

/**
 * The versions of dispatches by the entries of an audit, which must be all of some time and oldest first. What an entry says of the time
 * before it counts, too: an audit that has been pruned begins in the middle of the life of a dispatch.
 */
export function versionsOf(entries: Iterable<AuditEntry>): DispatchVersion[] {
  const versions: DispatchVersion[] = [];
  const open = new Map<number, { readonly record: DispatchRecord; readonly fromMs: number }>();
  for (const { dispatchId, time, before, after } of entries) {
    const atMs = time.getTime();
    const known = open.get(dispatchId) ?? (before && { record: before.record, fromMs: Number.NEGATIVE_INFINITY });
    if (known) versions.push({ ...known, toMs: atMs });
    if (after === null) open.delete(dispatchId);
    else open.set(dispatchId, { record: after.record, fromMs: atMs });
  }
  for (const version of open.values()) versions.push({ ...version, toMs: Number.POSITIVE_INFINITY });
  return versions;
}
