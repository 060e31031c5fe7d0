import type { AuditEntry, AuditFilter, AuditPage, AuditQuery } from '../../domain/audit.js';
import { cutAuditPage } from '../auditEntries.js';

/** The audit of all microgrids, in memory. */
export interface MemoryAudit {
  /** Adds the next entry of its microgrid. */
  add(entry: AuditEntry): void;
  /** As `DispatchStore.audit`. */
  page(microgridId: number, query: AuditQuery, limit: number, maxBytes: number): Promise<AuditPage>;
  /** As `DispatchStore.pruneAudit`. */
  prune(beforeUs: number, limit: number): number;
}

/** Creates an empty one. */
export function memoryAudit(): MemoryAudit {
  const audits = new Map<number, AuditEntry[]>();
  return {
    add(entry) {
      const entries = audits.get(entry.microgridId);
      if (entries) entries.push(entry);
      else audits.set(entry.microgridId, [entry]);
    },
    page: (microgridId, query, limit, maxBytes) =>
      cutAuditPage(entriesOf(audits.get(microgridId) ?? [], query), limit, maxBytes),
    prune(beforeUs, limit) {
      let count = 0;
      for (const entries of audits.values()) {
        const kept = entries.findIndex(({ atUs }) => atUs >= beforeUs);
        count += entries.splice(0, Math.min(kept === -1 ? entries.length : kept, limit - count)).length;
      }
      return count;
    },
  };
}

function* entriesOf(all: readonly AuditEntry[], { filter, oldestFirst, after }: AuditQuery): Iterable<AuditEntry> {
  for (const entry of oldestFirst ? all : all.toReversed()) {
    const isBehind = after === null || (oldestFirst ? entry.seq > after : entry.seq < after);
    if (isBehind && matches(entry, filter)) yield entry;
  }
}

function matches(
  { dispatchId, keyName, method, atUs }: AuditEntry,
  { dispatchIds, keyNames, methods, fromUs = atUs, toUs = Number.POSITIVE_INFINITY }: AuditFilter,
): boolean {
  return (
    (dispatchIds === undefined || dispatchIds.includes(dispatchId)) &&
    (keyNames === undefined || (keyName !== null && keyNames.includes(keyName))) &&
    (methods === undefined || methods.includes(method)) &&
    atUs >= fromUs &&
    atUs < toUs
  );
}
