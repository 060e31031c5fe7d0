import type { RecurrenceRule } from './recurrence/recurrenceRule.js';
import type { Selector } from './selector.js';

/** A value that JSON can represent. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;

/** A JSON object. */
export interface JsonObject {
  readonly [key: string]: JsonValue;
}

/**
 * A dispatch as the service stores it: plain, readonly and JSON-safe, so that machines can hold and persist it.
 *
 * Instants are integer milliseconds since the epoch in UTC. `createTime` and `updateTime` are RFC 3339 texts in UTC with
 * nine fractional digits, because `updateTime` is the version of a dispatch and text order is time order.
 */
export interface DispatchRecord {
  /** Unique within the service (`DispatchMetadata.dispatch_id`). */
  readonly id: number;
  readonly microgridId: number;
  /** The type by which consumers select dispatches. */
  readonly type: string;
  /** Start of the first run, truncated to milliseconds. */
  readonly startTimeMs: number;
  /** Duration of each run, whole seconds on the wire. Null: no end. 0: a run ends as soon as it starts. */
  readonly durationMs: number | null;
  /** The components concerned (`DispatchData.target`). */
  readonly selector: Selector;
  /** Whether the dispatch is active; an inactive one never runs. */
  readonly active: boolean;
  /** Whether consumers only simulate the work. */
  readonly dryRun: boolean;
  /** Parameters for the consumer, of any form; deep-frozen. */
  readonly payload: JsonObject;
  /** Null: the dispatch runs once. */
  readonly recurrence: RecurrenceRule | null;
  /** When the service created it; the epoch if the message does not contain it. */
  readonly createTime: string;
  /** The version of the dispatch: every change changes it; the epoch if the message does not contain it. */
  readonly updateTime: string;
  /** End of the last run, as calculated by the service: of a rule that never runs perhaps the start; null if it is absent (`DispatchMetadata.end_time`). */
  readonly endTimeMs: number | null;
}
