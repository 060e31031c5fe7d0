import type { ChildProcess } from 'node:child_process';

import type { RunNotification } from '../../../machines/dispatch/runNotification.js';
import type { LifecycleEvent } from '../../../machines/protocol/dispatcherOutput.js';
import { messageOf } from '../../model/dispatchError.js';
import { notificationJson } from '../output/notificationJson.js';
import { signalProcessGroup, startProcessGroup } from './processGroup.js';

/** Time between SIGTERM and SIGKILL for a command that exceeded its timeout, in milliseconds. */
const KILL_AFTER_MS = 5_000;

/** Options of {@link runForNotification}. */
export interface NotificationCommandOptions {
  readonly commandLine: string;
  /**
   * Maximum duration, in milliseconds; then the command and the processes it started get SIGTERM, and SIGKILL after five seconds.
   * @default no limit
   */
  readonly timeoutMs?: number | undefined;
  /** Told which variables its environment lacks, because they do not fit. */
  readonly onLeftOut: (variable: string) => void;
}

/**
 * Runs a shell command for a notification, with the notification as a line of JSON on its stdin and its parts in the environment.
 * What the command prints goes to stderr.
 *
 * @returns What went wrong, or null.
 */
export async function runForNotification(
  notification: RunNotification | LifecycleEvent,
  { commandLine, timeoutMs, onLeftOut }: NotificationCommandOptions,
): Promise<string | null> {
  let child: ChildProcess;
  try {
    const variables = environmentOf(notification);
    child = startProcessGroup(commandLine, {
      stdio: ['pipe', process.stderr, process.stderr],
      variables,
      onLeftOut,
    });
  } catch (error) {
    return cannotRun(error);
  }
  // A command that does not read its stdin closes it.
  child.stdin?.on('error', () => {});
  child.stdin?.end(`${JSON.stringify(notificationJson(notification))}\n`);
  return new Promise(resolve => {
    let failure: string | null = null;
    const timers: NodeJS.Timeout[] = [];
    const end = (signal: NodeJS.Signals) => child.pid !== undefined && signalProcessGroup(child.pid, signal);
    if (timeoutMs !== undefined) {
      timers.push(
        setTimeout(() => {
          failure = `the command did not end within ${timeoutMs / 1000} s and was ended`;
          end('SIGTERM');
          timers.push(setTimeout(end, KILL_AFTER_MS, 'SIGKILL'));
        }, timeoutMs),
      );
    }
    const settle = (problem: string | null) => {
      for (const timer of timers) clearTimeout(timer);
      resolve(problem);
    };
    child.on('error', error => {
      failure = cannotRun(error);
      // Without a process there is no close event.
      if (child.pid === undefined) settle(failure);
    });
    child.on('close', (code, signal) => {
      if (code !== 0) failure ??= `the command ended with ${signal ?? `exit code ${code}`}`;
      settle(failure);
    });
  });
}

function cannotRun(error: unknown): string {
  return `the command cannot be run: ${messageOf(error)}`;
}

/** Variables of the environment that tell of a notification. */
function environmentOf(notification: RunNotification | LifecycleEvent): Record<string, string> {
  const { type, dispatch, atMs } = notification;
  const about = {
    DISPATCH_NOTIFICATION: type,
    DISPATCH_ID: `${dispatch.id}`,
    DISPATCH_TYPE: dispatch.type,
    DISPATCH_MICROGRID_ID: `${dispatch.microgridId}`,
    DISPATCH_DRY_RUN: `${dispatch.dryRun}`,
    DISPATCH_SELECTOR: JSON.stringify(dispatch.selector),
    DISPATCH_PAYLOAD: JSON.stringify(dispatch.payload),
    DISPATCH_AT_MS: `${atMs}`,
  };
  if (!('run' in notification)) return about;
  const { cause, run } = notification;
  return {
    ...about,
    DISPATCH_CAUSE: cause,
    DISPATCH_RUN_START_MS: `${run.startMs}`,
    DISPATCH_RUN_END_MS: run.endMs === null ? '' : `${run.endMs}`,
  };
}
