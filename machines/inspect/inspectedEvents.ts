import type { AnyEventObject } from 'xstate';
import type { DispatchRecord } from '../../src/model/dispatchRecord.js';

/** Maximum sizes of an abridged event. */
const most = { items: 10, keys: 20, depth: 6, text: 500, textInList: 100 };

/**
 * Abridges an event: a dispatch becomes its id and type, a list its `count` and its `first` ten wanted items, an error its
 * message.
 *
 * @param isWanted Whether to name a dispatch in lists.
 */
export function abridgeEvent(event: AnyEventObject, isWanted: (dispatch: DispatchRecord) => boolean): AnyEventObject {
  return abridge(event, most.text, most.depth) as AnyEventObject;

  function abridge(value: unknown, maxText: number, depth: number): unknown {
    if (typeof value === 'string') return value.length > maxText ? `${value.slice(0, maxText)}…` : value;
    if (typeof value === 'number' || typeof value === 'boolean' || value == null) return value;
    if (typeof value !== 'object' || depth === 0) return abridge(String(value), maxText, depth);
    if (Array.isArray(value)) {
      if (value.length === 0) return value;
      const wanted = value.filter(item => {
        const dispatch = dispatchOf(item);
        return dispatch === undefined || isWanted(dispatch);
      });
      const first = wanted.slice(0, most.items).map(item => abridge(item, most.textInList, depth - 1));
      return { count: value.length, first };
    }
    if (isRecord(value)) return abridge({ id: value.id, type: value.type }, maxText, depth);
    const fields = value instanceof Error ? { ...value, message: value.message } : value;
    const entries = Object.entries(fields).slice(0, most.keys);
    return Object.fromEntries(entries.map(([key, field]) => [key, abridge(field, maxText, depth - 1)]));
  }
}

/** The dispatch that a value is or is about. */
export function dispatchOf(value: unknown): DispatchRecord | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (isRecord(value)) return value;
  return 'dispatch' in value && isRecord(value.dispatch) ? value.dispatch : undefined;
}

/** Whether an event carries only a time or a list of dispatches; it is shown when it reaches a shown dispatch. */
export function isQuiet(event: AnyEventObject): boolean {
  return event.type === 'timer.due' || Object.values(event).some(Array.isArray);
}

/** Whether a report contains more than changes of dispatches. */
export function hasNews(event: AnyEventObject): boolean {
  return (event as unknown as { outputs: readonly unknown[] }).outputs.some(output => dispatchOf(output) === undefined);
}

function isRecord(value: unknown): value is DispatchRecord {
  return typeof value === 'object' && value !== null && 'microgridId' in value && 'startTimeMs' in value;
}
