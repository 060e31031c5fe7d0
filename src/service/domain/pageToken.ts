import { createHash } from 'node:crypto';

import type { ListPlace, ListQuery } from './listQuery.js';

/** A page of a list: its size and its position. */
export interface Page {
  readonly size: number;
  /** Null: the first page. */
  readonly place: ListPlace | null;
}

/** Maximum number of items on a page. */
export const MAX_PAGE_SIZE = 1000;

/** Maximum number of items that the wire can tell (`uint32`). */
const MAX_TOTAL = 2 ** 32 - 1;

/**
 * Encodes the token of a page: base64url of its size, its position, the total of the first page, and a hash of these and the list.
 *
 * It contains a position, not an offset, so that inserted dispatches shift nothing, and it never expires. It is not signed, because
 * every call is authorised anyway.
 */
export function encodePageToken(microgridId: number, query: ListQuery, size: number, place: ListPlace): string {
  const { value, id, total } = place;
  // Tokens of earlier versions have no total.
  const page = total === undefined ? [size, value, id] : [size, value, id, total];
  const content = JSON.stringify([microgridId, query.filter, query.sort, ...page]);
  const hash = createHash('sha256').update(content).digest('base64url').slice(0, 16);
  return Buffer.from(JSON.stringify([...page, hash])).toString('base64url');
}

/**
 * Decodes the token of a page; null when {@link encodePageToken} has not created it for this list: it is malformed, modified, or of
 * another microgrid, filter or sort order.
 */
export function decodePageToken(microgridId: number, query: ListQuery, token: string): Page | null {
  const numbers = parseParts(token).slice(0, -1);
  if (numbers.length > 4 || !numbers.every(isInteger)) return null;
  const [size = 0, value = 0, id = 0, total] = numbers;
  const page = { size, place: { value, id, total } };
  if (size < 1 || size > MAX_PAGE_SIZE || !(total === undefined || (total >= 0 && total <= MAX_TOTAL))) return null;
  return encodePageToken(microgridId, query, page.size, page.place) === token ? page : null;
}

function parseParts(token: string): unknown[] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(token, 'base64url').toString());
    return Array.isArray(parts) ? parts : [];
  } catch {
    // Invalid JSON is a malformed token, as everything else.
    return [];
  }
}

function isInteger(part: unknown): part is number {
  return Number.isSafeInteger(part);
}
