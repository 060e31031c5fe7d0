import type { ListPlace, StoredDispatch } from '../domain/dispatchStore.js';

/** An item of a list with its sort value. */
export interface SortedItem {
  readonly value: number;
  readonly dispatch: StoredDispatch;
}

/**
 * Takes a page from a list: at most `limit` items and `maxBytes` of messages, but at least one item if there is one.
 *
 * @param list - from the beginning of the page up to at least the first item after it.
 */
export function cutPage(
  list: Iterable<SortedItem>,
  limit: number,
  maxBytes: number,
): { readonly items: StoredDispatch[]; readonly next: ListPlace | null } {
  const items: StoredDispatch[] = [];
  let last: ListPlace | null = null;
  let bytes = 0;
  for (const { value, dispatch } of list) {
    bytes += dispatch.message.length;
    if (items.length === limit || (items.length > 0 && bytes > maxBytes)) return { items, next: last };
    items.push(dispatch);
    last = { value, id: dispatch.id };
  }
  return { items, next: null };
}
