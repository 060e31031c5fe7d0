import type { RunNotification } from '../../../machines/dispatch/runNotification.js';
import { simulateRuns } from '../../../machines/pool/simulateRuns.js';
import { type Clock, yieldBetweenSlices } from '../../../machines/protocol/clock.js';
import type { DispatchError } from '../../model/dispatchError.js';
import type { DispatchRecord } from '../../model/dispatchRecord.js';

/** What will have happened by an instant if no dispatch changes. */
export interface Simulation {
  readonly fromMs: number;
  readonly toMs: number;
  /** The last notifications until then, oldest first: at most {@link maxKept}. */
  readonly notifications: readonly RunNotification[];
  /** Number of all notifications until then. */
  readonly count: number;
  /** Ids of the dispatches that will run then. */
  readonly runningIds: readonly number[];
  /** Dispatches that cannot be evaluated. */
  readonly problems: readonly DispatchError[];
}

/** Maximum number of notifications that are kept. */
const maxKept = 1_000;

/**
 * Plays what a dispatcher would announce until an instant, with its machines on a simulated clock. Yields to the event loop between slices.
 *
 * @throws the reason of the signal when that aborts.
 */
export async function simulateUntil(
  records: Iterable<DispatchRecord>,
  { fromMs, toMs, clock, signal }: { fromMs: number; toMs: number; clock: Clock; signal: AbortSignal },
): Promise<Simulation> {
  const turn = yieldBetweenSlices(clock);
  const problems: DispatchError[] = [];
  const running = new Set<number>();
  let kept: RunNotification[] = [];
  let count = 0;
  for (const notification of simulateRuns(records, { fromMs, toMs, onProblem: problem => problems.push(problem) })) {
    count += 1;
    kept.push(notification);
    if (kept.length === 2 * maxKept) kept = kept.slice(maxKept);
    const { type, dispatch } = notification;
    if (type === 'running.started') running.add(dispatch.id);
    else if (type === 'running.stopped') running.delete(dispatch.id);
    await turn();
    signal.throwIfAborted();
  }
  return { fromMs, toMs, notifications: kept.slice(-maxKept), count, runningIds: [...running], problems };
}
