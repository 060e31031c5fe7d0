import type { AuditAuthor, AuditEntry, AuditPage } from '../domain/audit.js';
import type { LoggedChange, StoredDispatch } from '../domain/dispatchStore.js';

/**
 * The entry of a change in the audit.
 *
 * @param old - the dispatch before the change; null when there was none.
 */
export function auditEntry(
  { microgridId, seq, kind, atUs, id, message }: LoggedChange,
  author: AuditAuthor,
  old: StoredDispatch | null,
): AuditEntry {
  return {
    ...author,
    microgridId,
    seq,
    atUs,
    dispatchId: id,
    before: old?.message ?? null,
    after: kind === 'deleted' ? null : message,
  };
}

/**
 * Takes a page from the entries of an audit: at most `limit` entries and `maxBytes` of dispatches, but at least one entry if there is one.
 *
 * @param entries - from the beginning of the page up to at least the first entry after it.
 */
export async function cutAuditPage(
  entries: Iterable<AuditEntry> | AsyncIterable<AuditEntry>,
  limit: number,
  maxBytes: number,
): Promise<AuditPage> {
  const page: AuditEntry[] = [];
  let bytes = 0;
  for await (const entry of entries) {
    bytes += (entry.before?.length ?? 0) + (entry.after?.length ?? 0);
    if (page.length === limit || (page.length > 0 && bytes > maxBytes)) return { entries: page, more: true };
    page.push(entry);
  }
  return { entries: page, more: false };
}
