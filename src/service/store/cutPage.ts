import type { ListPage, StoredDispatch } from '../domain/dispatchStore.js';
import type { ListPlace } from '../domain/listQuery.js';

/** An item of a list with its sort value. */
export interface SortedItem {
  readonly value: number;
  readonly dispatch: StoredDispatch;
}

/**
 * Takes a page from a list: at most `limit` items and `maxBytes` of messages, but at least one item if there is one.
 *
 * @param list - from the beginning of the page up to at least the first item after it.
 * @param total - of the list.
 */
export function cutPage(list: Iterable<SortedItem>, limit: number, maxBytes: number, total: number): ListPage {
  const items: StoredDispatch[] = [];
  let last: ListPlace | null = null;
  let bytes = 0;
  for (const { value, dispatch } of list) {
    bytes += dispatch.message.length;
    if (items.length === limit || (items.length > 0 && bytes > maxBytes)) return { items, next: last, total };
    items.push(dispatch);
    last = { value, id: dispatch.id, total };
  }
  return { items, next: null, total };
}
