import { spawn } from 'node:child_process';
import type { RunNotification } from '../../machines/dispatch/runNotification.js';
import type { LifecycleEvent } from '../../machines/protocol/dispatcherOutput.js';
import { notificationJson } from './output/notificationJson.js';

/** Maximum number of commands at a time: a thousand dispatches that start together do not start a thousand processes. */
const MAX_COMMANDS = 8;

/** Runs a shell command for each notification. */
export interface CommandRunner {
  /** Queues the command for a notification: commands of one dispatch run one after the other, in the order of notifications. */
  run(notification: RunNotification | LifecycleEvent): void;
  /** Fulfilled once all commands have ended. */
  done(): Promise<void>;
}

/**
 * Runs a shell command for each notification, with the notification as a line of JSON on its stdin and its parts in the
 * environment. What the command prints goes to stderr.
 *
 * @param onFailure is told of each command that fails, in a sentence; the others go on.
 */
export function commandRunner(commandLine: string, onFailure: (problem: string) => void): CommandRunner {
  const lanes = new Map<number, (RunNotification | LifecycleEvent)[]>();
  const ready: number[] = [];
  const whenDone: (() => void)[] = [];
  let runningCount = 0;

  function startReady(): void {
    while (runningCount < MAX_COMMANDS) {
      const id = ready.shift();
      const notification = id === undefined ? undefined : lanes.get(id)?.shift();
      if (id === undefined || notification === undefined) return;
      runningCount += 1;
      runCommand(commandLine, notification, problem => {
        if (problem !== null) onFailure(`${problem} (${notification.type} of dispatch ${id})`);
        runningCount -= 1;
        finishTurn(id);
      });
    }
  }

  function finishTurn(id: number): void {
    if (lanes.get(id)?.length === 0) lanes.delete(id);
    else ready.push(id);
    startReady();
    if (lanes.size > 0) return;
    for (const resolve of whenDone.splice(0)) resolve();
  }

  return {
    run(notification) {
      const { id } = notification.dispatch;
      const lane = lanes.get(id);
      if (lane !== undefined) {
        lane.push(notification);
        return;
      }
      lanes.set(id, [notification]);
      ready.push(id);
      startReady();
    },
    async done() {
      if (lanes.size > 0) await new Promise<void>(resolve => whenDone.push(resolve));
    },
  };
}

/** @param onEnd is called once, with what went wrong or null. */
function runCommand(
  commandLine: string,
  notification: RunNotification | LifecycleEvent,
  onEnd: (problem: string | null) => void,
): void {
  const env = { ...process.env, ...environment(notification) };
  const child = spawn(commandLine, { shell: true, stdio: ['pipe', process.stderr, process.stderr], env });
  let failure: string | null = null;
  child.on('error', error => {
    failure = `the command cannot be run: ${error.message}`;
    // Without a process there is no close event.
    if (child.pid === undefined) onEnd(failure);
  });
  child.on('close', (code, signal) => {
    if (failure === null && code !== 0) failure = `the command ended with ${signal ?? `exit code ${code}`}`;
    onEnd(failure);
  });
  // A command that does not read its stdin closes it.
  child.stdin?.on('error', () => {});
  child.stdin?.end(`${JSON.stringify(notificationJson(notification))}\n`);
}

/** The variables of the environment that tell of a notification. */
function environment(notification: RunNotification | LifecycleEvent): Record<string, string> {
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
