import type { DispatchRecord } from '../../../model/dispatchRecord.js';
import type { UndoEntry } from './undoEntry.js';

/** What was done at the service. JSON-safe. */
export interface Done {
  /** Sentences for people. */
  readonly text: string;
  /** The dispatches that it left, as the service stored them. */
  readonly records: readonly DispatchRecord[];
  /** How it is taken back; null: it is itself an undo. */
  readonly undo: UndoEntry | null;
}

/** Options of what is done. */
export interface WriteOptions {
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
  /** For the audit of the service. */
  readonly note?: string | undefined;
}
