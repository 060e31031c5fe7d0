import { createHash } from 'node:crypto';

import type { ListPlace, ListQuery } from './dispatchStore.js';

/** A page of a list: how many items, and where it begins. */
export interface Page {
  readonly size: number;
  /** Null: at the beginning. */
  readonly place: ListPlace | null;
}

/** Items of a page at most, whatever was asked for. */
export const MAX_PAGE_SIZE = 1000;

/**
 * The token of a page that does not begin at the beginning: base64url of its size, its place and a hash of them and the
 * list.
 *
 * It pins a place and not a number of items, so inserted dispatches shift nothing, and it never expires. It is not
 * signed: every call is authorised anyway.
 */
export function encodePageToken(microgridId: number, query: ListQuery, size: number, place: ListPlace): string {
  const page = [size, place.value, place.id];
  const content = JSON.stringify([microgridId, query.filter, query.sort, ...page]);
  const hash = createHash('sha256').update(content).digest('base64url').slice(0, 16);
  return Buffer.from(JSON.stringify([...page, hash])).toString('base64url');
}

/**
 * The page that a token stands for; null when it is none that {@link encodePageToken} made for this list: malformed,
 * changed, or of another microgrid, filter or sort order.
 */
export function decodePageToken(microgridId: number, query: ListQuery, token: string): Page | null {
  const [size, value, id] = parseParts(token);
  if (!Number.isSafeInteger(size) || !Number.isSafeInteger(value) || !Number.isSafeInteger(id)) return null;
  const page = { size: size as number, place: { value: value as number, id: id as number } };
  if (page.size < 1 || page.size > MAX_PAGE_SIZE) return null;
  return encodePageToken(microgridId, query, page.size, page.place) === token ? page : null;
}

function parseParts(token: string): unknown[] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(token, 'base64url').toString());
    return Array.isArray(parts) ? parts : [];
  } catch {
    // What is no JSON is as malformed as what is no token.
    return [];
  }
}
