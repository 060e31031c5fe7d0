import type { DispatchRecord } from '../../src/model/dispatchRecord.js';
import type { Run } from '../../src/model/schedule.js';
import type { RunningNotification } from '../dispatch/runNotification.js';

/** A dispatch and its run, as last told. */
export interface Order {
  readonly dispatch: DispatchRecord;
  readonly run: Run;
}

/** What the notifications are for consumers: a run that goes on after a restore is told as started. */
export const changeKinds = {
  'running.started': 'started',
  'running.resumed': 'started',
  'running.reconfigured': 'reconfigured',
  'running.stopped': 'stopped',
} as const;

/** What a consumer of merged dispatches is told about one identity. */
export interface MergedChange extends Order {
  readonly identity: string;
  readonly kind: 'started' | 'reconfigured' | 'stopped';
  /** `handover`: the dispatch in force before went, and this one is in force again. */
  readonly cause: RunningNotification['cause'] | 'handover';
  /** Time that it is about, milliseconds since the epoch. */
  readonly atMs: number;
  /** Delay until it was noticed, in milliseconds. */
  readonly lateMs: number;
}

/** What is known of an identity that a notification touches. */
export interface Situation {
  readonly identity: string;
  /** What the consumer was told last; null: nothing, or a stop. */
  readonly told: Order | null;
  /** What is in force after the notification; null: nothing. */
  readonly inForce: Order | null;
  readonly news: RunningNotification;
  /** Whether the notification made its dispatch count for this identity, for which it did not count before. */
  readonly isEntry: boolean;
}

/** Decides what a consumer is told about an identity after a notification; null: nothing, because nothing changed for it. */
export function decide({ identity, told, inForce, news, isEntry }: Situation): MergedChange | null {
  const { atMs, lateMs, cause } = news;
  if (inForce === null) return told && stopOf(identity, told, news);
  if (news.type === 'running.stopped' || inForce.dispatch.id !== news.dispatch.id) {
    if (told?.dispatch.id === inForce.dispatch.id) return null;
    return { identity, kind: 'reconfigured', ...inForce, cause: 'handover', atMs, lateMs };
  }
  if (told !== null && told.dispatch === inForce.dispatch && isSameRun(told.run, inForce.run)) return null;
  const kind = news.type === 'running.reconfigured' && !isEntry ? 'reconfigured' : 'started';
  return { identity, kind, ...inForce, cause, atMs, lateMs };
}

/** The stop of what was told last. When the notification is about another dispatch, the run of the told one is over. */
function stopOf(identity: string, told: Order, news: RunningNotification): MergedChange {
  const { dispatch, run } = told;
  const stop = { identity, kind: 'stopped', dispatch, run } as const;
  const { cause, atMs, lateMs } = news;
  if (dispatch.id === news.dispatch.id || run.endMs === null) return { ...stop, cause, atMs, lateMs };
  return { ...stop, cause: 'schedule', atMs: run.endMs, lateMs: atMs + lateMs - run.endMs };
}

/** Whether two runs begin and end at the same time. */
export function isSameRun(a: Run, b: Run): boolean {
  return a.startMs === b.startMs && a.endMs === b.endMs;
}
