import type { RunNotification } from '../../../machines/dispatch/runNotification.js';
import type { LifecycleEvent } from '../../../machines/protocol/dispatcherOutput.js';
import { type CommandQueue, commandQueue } from './commandQueue.js';
import { leftOutNotice } from './leftOutNotice.js';
import { runForNotification } from './notificationCommand.js';

/** Options of {@link execCommand}. */
interface ExecOptions {
  readonly commandLine: string;
  /** Whether the command is run for dry runs as for others. */
  readonly dryRuns: boolean;
  /** Whether the command is run for runs that go on after a restart. */
  readonly resumed: boolean;
  /** Maximum duration of the command, in milliseconds. @default no limit */
  readonly timeoutMs?: number | undefined;
  /** Prints a line for people. */
  readonly say: (line: string) => void;
  /** Present time in milliseconds since the epoch. @default Date.now */
  readonly nowMs?: () => number;
}

/**
 * Runs the command of `--exec` for notifications. For a dry run it says what it would run.
 *
 * A run that becomes a dry run, or no longer is one, is stopped as the one and started as the other: what the command switched on
 * never stays on because the end of the run is a dry one. When it is the turn of a start whose run is over by then, by the time or
 * because its stop waits already, neither the start nor its stop is run; but the stop is when an earlier start was.
 */
export function execCommand({
  commandLine,
  dryRuns,
  resumed,
  timeoutMs,
  say,
  nowMs = Date.now,
}: ExecOptions): CommandQueue {
  const noticeLeftOut = leftOutNotice(say);
  /** Dispatches whose last start was skipped, and that no earlier one has switched on. */
  const skipped = new Set<number>();
  /** Dispatches for which a start was run, perhaps before a restart, and no stop since. */
  const on = new Set<number>();
  /** Stops that wait for their turn, but those of runs without length, which are started all the same. */
  const waitingStops = new Set<Notification>();
  const queue = commandQueue({
    say,
    start: async queued => {
      const notification = atItsTurn(queued);
      if (notification !== null) {
        const onLeftOut = (variable: string) => noticeLeftOut(notification.dispatch.id, variable);
        return runForNotification(notification, { commandLine, timeoutMs, onLeftOut });
      }
      say(`skipped ${queued.type} of dispatch ${queued.dispatch.id}: its run is over`);
      return null;
    },
  });
  /** Whether the run of a dispatch that was last told is a dry one. */
  const isDry = new Map<number, boolean>();

  /** What to run when it is the turn of a notification; null: nothing. */
  const atItsTurn = (notification: Notification) => {
    if (!isRunChange(notification)) return notification;
    const { id } = notification.dispatch;
    const wasSkipped = skipped.delete(id);
    if (notification.type === 'running.stopped') {
      on.delete(id);
      waitingStops.delete(notification);
      return wasSkipped ? null : notification;
    }
    const isReconfiguration = notification.type === 'running.reconfigured';
    const isStopped = [...waitingStops].some(stop => stop.dispatch.id === id);
    if (isStopped || isOver(notification.run, nowMs())) {
      if (wasSkipped || !(isReconfiguration || on.has(id))) skipped.add(id);
      return null;
    }
    on.add(id);
    return wasSkipped && isReconfiguration ? ({ ...notification, type: 'running.started' } as const) : notification;
  };

  const act = (notification: Notification) => {
    const { type, dispatch } = notification;
    if (!dispatch.dryRun || dryRuns) {
      // Before it is queued: it may be its turn at once.
      if (endsRun(notification)) waitingStops.add(notification);
      queue.run(notification);
    } else say(`dry run of dispatch ${dispatch.id}: would run ${commandLine} (${type})`);
  };

  return {
    run(notification) {
      if (!isRunChange(notification)) return act(notification);
      const { type, dispatch } = notification;
      const wasDry = isDry.get(dispatch.id) ?? dispatch.dryRun;
      const asTold = { ...dispatch, dryRun: wasDry };
      if (type === 'running.stopped') {
        isDry.delete(dispatch.id);
        return act({ ...notification, dispatch: asTold });
      }
      isDry.set(dispatch.id, dispatch.dryRun);
      if (type === 'running.resumed' && (dryRuns || !dispatch.dryRun)) on.add(dispatch.id);
      if (notification.type === 'running.reconfigured' && wasDry !== dispatch.dryRun) {
        act({ ...notification, type: 'running.stopped', dispatch: asTold });
        act({ ...notification, type: 'running.started' });
      } else if (type !== 'running.resumed' || resumed) act(notification);
    },
    done: () => queue.done(),
  };
}

type Notification = RunNotification | LifecycleEvent;
type RunChange = Exclude<RunNotification, { type: 'run.missed' }>;

function isRunChange(notification: Notification): notification is RunChange {
  return notification.type.startsWith('running.');
}

function endsRun(notification: Notification): boolean {
  if (notification.type !== 'running.stopped') return false;
  return notification.cause !== 'schedule' || notification.run.endMs !== notification.run.startMs;
}

/** A run without length is over from the beginning, and is started and stopped all the same. */
function isOver({ startMs, endMs }: RunChange['run'], nowMs: number): boolean {
  return endMs !== null && endMs > startMs && endMs <= nowMs;
}
