import type { JsonObject } from '../../src/model/dispatchRecord.js';
import type { Selector } from '../../src/model/selector.js';

/** Input of a managed actor, JSON-safe: what is in force for its identity. */
export interface DispatchInfo {
  /** The identity by the merge strategy; without one, the id of the dispatch. */
  readonly identity: string;
  /** Type of the dispatch in force. */
  readonly type: string;
  /** Id of the dispatch in force. */
  readonly dispatchId: number;
  /** Ids of all dispatches that run with this identity, ascending; as of the last change that was told. */
  readonly dispatchIds: readonly number[];
  /** The components that the dispatch in force is for. */
  readonly selector: Selector;
  /** Parameters of the dispatch in force. */
  readonly payload: JsonObject;
  /** Whether the actor must only say what it would do, and touch no equipment. */
  readonly dryRun: boolean;
  /** End of the present run, milliseconds since the epoch; null: it has no end. */
  readonly untilMs: number | null;
}

/** Events to a managed actor. */
export type ManagedActorEvent =
  /** What is in force has changed; also when another dispatch, or another run, took over. Not with `onReconfigure: 'restart'`. */
  | { readonly type: 'dispatch.reconfigured'; readonly info: DispatchInfo }
  /** Nothing is in force any more: the actor must end within `stopTimeoutMs`. Only when that is above 0. */
  | { readonly type: 'dispatch.stopped' };
