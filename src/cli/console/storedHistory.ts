import { DispatchError } from '../../model/dispatchError.js';
import { type HistoryEntry, readHistory } from '../../store/readHistory.js';

/** A part of a history. */
export interface HistoryPart {
  /** Oldest first. */
  readonly entries: readonly HistoryEntry[];
  /** Whether there are older ones in the time that was asked for. */
  readonly isCut: boolean;
}

/** Maximum number of entries of a part; the newest count. */
const MAX_ENTRIES = 10_000;

/**
 * Reads parts of the history in the file of a dispatcher, as a page asks for them: `{ microgridId, fromMs, toMs }`.
 *
 * @throws DispatchError INVALID_ARGUMENT when it asks for something else; those of {@link readHistory}.
 */
export function storedHistory(path: string): (request: unknown) => Promise<HistoryPart> {
  return async request => {
    const [microgridId, fromMs, toMs] = ['microgridId', 'fromMs', 'toMs'].map(name => integerOf(request, name));
    const entries: HistoryEntry[] = [];
    const filter = { microgridId, from: new Date(fromMs ?? 0), to: new Date(toMs ?? 0) };
    for await (const entry of readHistory(path, filter)) {
      if (entries.length === MAX_ENTRIES) return { entries: entries.reverse(), isCut: true };
      entries.push(entry);
    }
    return { entries: entries.reverse(), isCut: false };
  };
}

function integerOf(request: unknown, name: string): number {
  const value =
    typeof request === 'object' && request !== null ? (request as Record<string, unknown>)[name] : undefined;
  if (typeof value === 'number' && Number.isSafeInteger(value) && Math.abs(value) <= 8.64e15) return value;
  throw new DispatchError('INVALID_ARGUMENT', `${name}: must be a whole number`, { field: name });
}
