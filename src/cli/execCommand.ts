import type { RunNotification } from '../../machines/dispatch/runNotification.js';
import type { LifecycleEvent } from '../../machines/protocol/dispatcherOutput.js';
import { type CommandRunner, commandRunner } from './commandRunner.js';

/** How `--exec` treats notifications. */
interface ExecOptions {
  readonly commandLine: string;
  /** Whether the command is run for dry runs as for others. */
  readonly dryRuns: boolean;
  /** Whether the command is run for runs that go on after a restart. */
  readonly resumed: boolean;
  /** Prints a line for people. */
  readonly say: (line: string) => void;
}

/**
 * Runs the command of `--exec` for notifications. For a dry run it says what it would run.
 *
 * A run that becomes a dry run, or no longer is one, is stopped as the one and started as the other: what the command switched on
 * never stays on because the end of the run is a dry one.
 */
export function execCommand({ commandLine, dryRuns, resumed, say }: ExecOptions): CommandRunner {
  const runner = commandRunner(commandLine, say);
  /** Whether the run of a dispatch that was last told is a dry one. */
  const isDry = new Map<number, boolean>();

  const act = (notification: RunNotification | LifecycleEvent) => {
    const { type, dispatch } = notification;
    if (!dispatch.dryRun || dryRuns) runner.run(notification);
    else say(`dry run of dispatch ${dispatch.id}: would run ${commandLine} (${type})`);
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
      if (notification.type === 'running.reconfigured' && wasDry !== dispatch.dryRun) {
        act({ ...notification, type: 'running.stopped', dispatch: asTold });
        act({ ...notification, type: 'running.started' });
      } else if (type !== 'running.resumed' || resumed) act(notification);
    },
    done: () => runner.done(),
  };
}

type RunChange = Exclude<RunNotification, { type: 'run.missed' }>;

function isRunChange(notification: RunNotification | LifecycleEvent): notification is RunChange {
  return notification.type.startsWith('running.');
}
