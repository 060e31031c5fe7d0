import type { RunNotification } from '../../../machines/dispatch/runNotification.js';
import type { LifecycleEvent } from '../../../machines/protocol/dispatcherOutput.js';
import { messageOf } from '../../model/dispatchError.js';
import { selectorClaims, selectorsOverlap } from '../../model/selector.js';
import { type Claims, turns } from './turns.js';

/** Maximum number of commands at a time: a thousand dispatches that start together do not start a thousand processes. */
const maxCommands = 8;
/** Time in milliseconds after which waiting commands are reported, and the interval of the reports. */
const waitReportMs = 10_000;
/** Maximum number of waiting commands that a report names. */
const maxNamed = 3;

/** Runs a command for each notification. */
export interface CommandQueue {
  /**
   * Queues the command for a notification. Commands of one dispatch, and of dispatches that may be for the same component, run one
   * after the other, in the order of notifications.
   */
  run(notification: RunNotification | LifecycleEvent): void;
  /** Fulfilled once all commands have ended. */
  done(): Promise<void>;
}

/** Options of {@link commandQueue}. */
export interface CommandQueueOptions {
  /** Runs the command for a notification, when it is its turn; returns what went wrong, or null. */
  readonly start: (notification: RunNotification | LifecycleEvent) => Promise<string | null>;
  /** Prints a line for people: each command that fails, and which commands wait for long. */
  readonly say: (line: string) => void;
}

/** A command that has not ended. */
interface Job {
  readonly notification: RunNotification | LifecycleEvent;
  readonly queuedMs: number;
}

/** Creates a queue of commands, of which at most eight run at a time. */
export function commandQueue({ start, say }: CommandQueueOptions): CommandQueue {
  const unfinished = new Set<Job>();
  const running = new Set<Job>();
  const ready: Job[] = [];
  const order = turns<Job>();
  const whenDone: (() => void)[] = [];
  let reports: NodeJS.Timeout | undefined;

  function startReady(): void {
    while (running.size < maxCommands) {
      const job = ready.shift();
      if (job === undefined) return;
      running.add(job);
      void start(job.notification).then(
        problem => finish(job, problem),
        error => finish(job, `the command cannot be run: ${messageOf(error)}`),
      );
    }
  }

  function finish(job: Job, problem: string | null): void {
    if (problem !== null) say(`${problem} (${nameOf(job)})`);
    unfinished.delete(job);
    running.delete(job);
    for (const next of order.end(job)) ready.push(next);
    startReady();
    if (unfinished.size > 0) return;
    clearInterval(reports);
    reports = undefined;
    for (const resolve of whenDone.splice(0)) resolve();
  }

  function reportWaiting(): void {
    const untilMs = performance.now() - waitReportMs;
    const waiting = [...unfinished].filter(job => !running.has(job) && job.queuedMs <= untilMs);
    if (waiting.length === 0) return;
    const named = waiting.slice(0, maxNamed).map(job => `${nameOf(job)} for ${reasonOf(job)}`);
    const more = waiting.length > maxNamed ? [`${waiting.length - maxNamed} more`] : [];
    say(`commands wait: ${[...named, ...more].join('; ')}`);
  }

  /** What a command waits for: the first of the earlier ones that exclude it, or that fewer commands run. */
  function reasonOf(job: Job): string {
    for (const earlier of order.isWaiting(job) ? unfinished : []) {
      if (excludes(earlier.notification, job.notification)) return nameOf(earlier);
    }
    return `one of the ${maxCommands} that run`;
  }

  return {
    run(notification) {
      const job: Job = { notification, queuedMs: performance.now() };
      unfinished.add(job);
      reports ??= setInterval(reportWaiting, waitReportMs);
      if (order.add(job, claimsOf(notification))) ready.push(job);
      startReady();
    },
    async done() {
      if (unfinished.size > 0) await new Promise<void>(resolve => whenDone.push(resolve));
    },
  };
}

type Notification = RunNotification | LifecycleEvent;

/** What {@link excludes} finds pairwise, as claims. */
function claimsOf({ dispatch: { id, selector } }: Notification): Claims {
  return selectorClaims(selector).set(`dispatch ${id}`, null);
}

/** Whether the commands of two notifications must not run at the same time. */
function excludes({ dispatch: a }: Notification, { dispatch: b }: Notification): boolean {
  return a.id === b.id || selectorsOverlap(a.selector, b.selector);
}

function nameOf({ notification }: Job): string {
  return `${notification.type} of dispatch ${notification.dispatch.id}`;
}
