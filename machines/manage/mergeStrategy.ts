import type { DispatchRecord } from '../../src/model/dispatchRecord.js';
import { type Component, selectorKey, selects } from '../../src/model/selector.js';

/**
 * Says which dispatches want the same thing. Of those that run with one identity only one is in force: the one whose run began last, of
 * equal ones that with the higher id. A consumer is told of that one, and once when none is left.
 *
 * If a strategy of your own throws, that is reported as a problem, and the message is delivered.
 */
export interface MergeStrategy {
  /** The identity of a dispatch; null: the dispatch is not for this consumer. It must depend on the record only. */
  identity(record: DispatchRecord): string | null;
  /**
   * Decides alone which messages are delivered, if it is given. There is then no handover, and no guarantee holds.
   *
   * @param records All dispatches that are known, of every type.
   * @param record The dispatch that the message is about.
   * @param nowMs When the message was noticed, milliseconds since the epoch.
   */
  readonly filter?:
    | ((records: readonly DispatchRecord[], record: DispatchRecord, nowMs: number) => boolean)
    | undefined;
}

/** Merges dispatches of the same type; dry runs apart. */
export const mergeByType: MergeStrategy = {
  identity: ({ type, dryRun }) => JSON.stringify([type, dryRun]),
};

/** Merges dispatches of the same type for the same set of components or categories, in any order; dry runs apart. */
export const mergeByTypeAndSelector: MergeStrategy = {
  identity: ({ type, dryRun, selector }) => JSON.stringify([type, dryRun, selectorKey(selector)]),
};

/** Merges nothing: each dispatch is an identity of its own. */
export const mergeNothing: MergeStrategy = {
  identity: ({ id }) => String(id),
};

/**
 * Merges dispatches of all types whose selector means one component (`selects`); dry runs apart. Dispatches for others are not for
 * this consumer.
 *
 * @throws RangeError when the component has neither an id nor a category: no selector means it then.
 */
export function mergeForComponent(component: Component): MergeStrategy {
  const { id, category, type } = component;
  if (id === undefined && category === undefined) throw new RangeError('component must have an id or a category');
  const name = [category, type, id].filter(part => part !== undefined).join(' ');
  return {
    identity: ({ selector, dryRun }) => {
      if (!selects(selector, component)) return null;
      return dryRun ? `dry run for ${name}` : name;
    },
  };
}
