import type { MergeStrategy } from '../../../machines/manage/mergeStrategy.js';
import type { Dispatcher } from '../../dispatcher/dispatcher.js';
import { MERGE_STRATEGIES, type MergeName } from '../input/mergeNames.js';
import { commandLogic } from './commandLogic.js';
import { CommandOutput } from './commandOutput.js';
import { LeftGroups } from './leftGroups.js';
import { StartQueue } from './startQueue.js';

/** Without `--merge` each dispatch has a process; its dry runs are apart, because for them nothing runs. */
const eachDispatch: MergeStrategy = { identity: ({ id, dryRun }) => (dryRun ? `${id} dry run` : `${id}`) };

/** Time after SIGKILL until the end of a process counts as overdue, in milliseconds. */
const KILLED_MS = 3_000;

/** Options of {@link runCommands}. */
export interface RunCommandsOptions {
  readonly commandLine: string;
  /** Only dispatches of this type. @default all */
  readonly type?: string | undefined;
  readonly merge?: MergeName | undefined;
  readonly dryRuns: boolean;
  readonly graceMs: number;
  /** Wait before a command that failed is started again, in milliseconds. */
  readonly retryMs: number;
  /** File of the store of `follow`; undefined: none. */
  readonly store?: string | undefined;
  /** Ends the preparation: when it aborts before anything was started, nothing is. */
  readonly interrupted?: AbortSignal;
  /** Kills all processes at once, by SIGKILL, while it aborts. */
  readonly killed?: AbortSignal;
  readonly say: (line: string) => void;
}

/**
 * Keeps a process of a command running for each identity in force, by a started dispatcher. First it ends what a killed `follow` with
 * the same store left behind.
 *
 * @returns How to end all processes, and wait for that.
 */
export async function runCommands(dispatcher: Dispatcher, options: RunCommandsOptions): Promise<() => Promise<void>> {
  const { commandLine, type = '*', merge, dryRuns, graceMs, retryMs, store, interrupted, killed, say } = options;
  const groups = new LeftGroups(store === undefined ? undefined : `${store}.commands`, say);
  killed?.addEventListener('abort', () => groups.killAll());
  for (const { pid, end } of await groups.endLeft(graceMs)) {
    if (end === 'ended') say(`ended process group ${pid}, which a killed follow had left behind`);
    else say(`problem: processes of group ${pid}, which a killed follow left behind, are left, because ${end}`);
  }
  if (interrupted?.aborted) return async () => {};
  const { microgridId } = dispatcher;
  const shared = { groups, output: new CommandOutput(), starts: new StartQueue() };
  const logic = commandLogic({ commandLine, microgridId, dryRuns, graceMs, retryMs, ...shared, say });
  dispatcher.startManaging(type, logic, {
    mergeStrategy: merge === undefined ? eachDispatch : MERGE_STRATEGIES[merge],
    retryIntervalMs: retryMs,
    stopTimeoutMs: graceMs + KILLED_MS,
  });
  return async () => {
    await dispatcher.stopManaging(type);
    // When the dispatcher has failed, their actors are gone already.
    await groups.whenEmpty();
  };
}
