import type { RecurrenceRule } from './recurrence/recurrenceRule.js';
import type { Selector } from './selector.js';

/** What JSON can hold. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;

/** A JSON object. */
export interface JsonObject {
  readonly [key: string]: JsonValue;
}

/**
 * One dispatch as the service keeps it: plain, readonly and JSON-safe, so machines can hold and persist it.
 *
 * Instants are integer milliseconds since the epoch in UTC. `createTime` and `updateTime` are RFC 3339 texts in Z with
 * nine digits of a second, because `updateTime` is the version of a dispatch and text order is time order.
 */
export interface DispatchRecord {
  /** Unique within the service (`DispatchMetadata.dispatch_id`). */
  readonly id: number;
  readonly microgridId: number;
  /** What consumers filter by. */
  readonly type: string;
  /** When the first run begins. A fraction below a millisecond is cut off. */
  readonly startTimeMs: number;
  /** Length of each run, whole seconds on the wire. Null: no end. 0: a run starts and ends at once. */
  readonly durationMs: number | null;
  /** The components concerned (`DispatchData.target`). */
  readonly selector: Selector;
  /** Whether it runs at all. */
  readonly active: boolean;
  /** Whether consumers should only simulate the work. */
  readonly dryRun: boolean;
  /** Free parameters for the consumer; deep-frozen. */
  readonly payload: JsonObject;
  /** Null: it runs once. */
  readonly recurrence: RecurrenceRule | null;
  /** When the service created it; the epoch when the service did not say. */
  readonly createTime: string;
  /** The version: changes with every change; the epoch when the service did not say. */
  readonly updateTime: string;
  /** When its last run ends, as the service calculated it; null when it did not (`DispatchMetadata.end_time`). */
  readonly endTimeMs: number | null;
}
