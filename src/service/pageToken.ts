import { createHash } from 'node:crypto';

import { DispatchError } from '../model/dispatchError.js';
import type { ListPlace, ListQuery } from './dispatchStore.js';

/** A page of a list: how many items, and where it begins. */
export interface Page {
  readonly size: number;
  /** Null: at the beginning. */
  readonly place: ListPlace | null;
}

/**
 * The token of a page that does not begin at the beginning: base64url of its size, its place and a hash of the list.
 *
 * It pins a place and not a number of items, so inserted dispatches shift nothing, and it never expires. It is not
 * signed: every call is authorised anyway.
 */
export function encodePageToken(microgridId: number, query: ListQuery, size: number, place: ListPlace): string {
  const parts = [size, place.value, place.id, listHash(microgridId, query)];
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

/**
 * The page that a token stands for.
 *
 * @throws DispatchError INVALID_ARGUMENT when it is not one of this list's tokens: malformed, or of another microgrid,
 * filter or sort.
 */
export function decodePageToken(microgridId: number, query: ListQuery, token: string): Page {
  const [size, value, id, hash, ...rest] = parseParts(token);
  if (!Number.isSafeInteger(size) || !Number.isSafeInteger(value) || !Number.isSafeInteger(id) || rest.length > 0) {
    throw tokenError('is not one that this service gave');
  }
  if (hash !== listHash(microgridId, query)) {
    throw tokenError('belongs to a list of another microgrid, filter or sort order');
  }
  return { size: size as number, place: { value: value as number, id: id as number } };
}

function parseParts(token: string): unknown[] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(token, 'base64url').toString());
    return Array.isArray(parts) ? parts : [];
  } catch {
    // What is no JSON is as malformed as what is no token: the caller hears it from its parts.
    return [];
  }
}

function tokenError(problem: string): DispatchError {
  const field = 'pagination_params.page_token';
  return new DispatchError('INVALID_ARGUMENT', `${field}: ${problem}`, { field });
}

function listHash(microgridId: number, query: ListQuery): string {
  const content = JSON.stringify([microgridId, query.filter, query.sort]);
  return createHash('sha256').update(content).digest('base64url').slice(0, 16);
}
