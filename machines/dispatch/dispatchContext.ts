import type { DispatchRecord } from '../../src/model/dispatchRecord.js';
import type { Plan } from './dispatchPlan.js';
import type { RunStarted } from './notification.js';

/** What a dispatch machine starts from. */
export interface DispatchInput {
  readonly dispatch: DispatchRecord;
  /** The present instant, milliseconds since the epoch. */
  readonly atMs: number;
  /** What brought the dispatch: the first sync, or a change since. @default 'sync' */
  readonly cause?: 'sync' | 'update';
}

/** What a dispatch machine remembers; JSON-safe. */
export interface DispatchContext extends Plan {
  readonly dispatch: DispatchRecord;
  /** The instant of the last event that mattered, milliseconds since the epoch. */
  readonly atMs: number;
  /** What that event was: the cause of a run that began with it. */
  readonly cause: RunStarted['cause'];
}

/** What a dispatch machine is told; `atMs` is the present instant, milliseconds since the epoch. */
export type DispatchMachineEvent =
  | { readonly type: 'timer.due'; readonly atMs: number }
  | { readonly type: 'dispatch.updated'; readonly atMs: number; readonly dispatch: DispatchRecord }
  | { readonly type: 'dispatch.deleted'; readonly atMs: number; readonly dispatch?: DispatchRecord };

/** What the actions and guards of a dispatch machine are given. */
export interface DispatchArgs {
  readonly context: DispatchContext;
  readonly event: DispatchMachineEvent;
}
