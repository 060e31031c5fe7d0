/** Who makes a change, and how: what a store does not know by itself about an entry of the audit. */
export interface AuditAuthor {
  /** Name of the API key; null when the service needs none. */
  readonly keyName: string | null;
  /** Method without its service, such as `UpdateMicrogridDispatch`. */
  readonly method: string;
  readonly requestId: string | null;
  readonly note: string | null;
}

/** An entry of the audit: one change of a dispatch. */
export interface AuditEntry extends AuditAuthor {
  readonly microgridId: number;
  /** Number of the change in the change log of its microgrid. */
  readonly seq: number;
  /** Version of the change, microseconds since the epoch. */
  readonly atUs: number;
  readonly dispatchId: number;
  /** The encoded `Dispatch` before the change; null for a creation. */
  readonly before: Uint8Array | null;
  /** The encoded `Dispatch` after the change; null for a deletion. */
  readonly after: Uint8Array | null;
}

/** Filter of an audit: an entry must match every part that is present. */
export interface AuditFilter {
  readonly dispatchIds?: readonly number[];
  readonly keyNames?: readonly string[];
  readonly methods?: readonly string[];
  /** Entries from this instant on. */
  readonly fromUs?: number;
  /** Entries before this instant. */
  readonly toUs?: number;
}

/** Filter, order and position of a page of an audit. */
export interface AuditQuery {
  readonly filter: AuditFilter;
  readonly oldestFirst: boolean;
  /** The page begins after the entry with this `seq`, whether or not it exists; null: at the beginning. */
  readonly after: number | null;
}

/** One page of an audit. */
export interface AuditPage {
  readonly entries: readonly AuditEntry[];
  /** Whether there are more entries after these. */
  readonly more: boolean;
}
