import { setTimeout } from 'node:timers/promises';
import { type Command, Option } from 'commander';

import type { DispatcherStore } from '../../../machines/protocol/dispatcherStore.js';
import type { Dispatcher } from '../../dispatcher/dispatcher.js';
import { DispatchError } from '../../model/dispatchError.js';
import { execCommand } from '../exec/execCommand.js';
import { globalOptions } from '../globalOptions.js';
import { parseDuration } from '../input/parseDuration.js';
import { parseId, parseNonEmpty } from '../input/parseValue.js';
import { UsageError } from '../input/usageError.js';
import { DEFAULT_INSPECTOR_PORT, type InspectorPlace, parseInspectorPlace } from '../inspector/inspectorPlace.js';
import { OperationFailed } from '../operationFailed.js';
import { isLifecycleEvent, isRunNotification, notificationJson } from '../output/notificationJson.js';
import { notificationText } from '../output/notificationText.js';
import { note, print, printJson } from '../output/print.js';
import { stderrLogger } from '../output/stderrLogger.js';
import { serveHealth, systemdNotifier } from '../supervision.js';
import { aborted, untilInterrupted } from '../untilInterrupted.js';
import { withOptions } from '../withMicrogrid.js';

interface FollowOptions {
  readonly type?: string;
  readonly exec?: string;
  readonly timeout?: number;
  readonly dryRuns?: boolean;
  /** False with `--no-resumed`. */
  readonly resumed: boolean;
  readonly lifecycle?: true;
  readonly store?: string;
  readonly health?: string;
  readonly inspect?: InspectorPlace;
}

/** Interval of the attempts to open a store that another process has. */
const STORE_RETRY_MS = 1_000;

/** Adds `follow`: a dispatcher whose notifications are printed and given to a command. */
export function followCommand(program: Command): void {
  program
    .command('follow')
    .summary('run a dispatcher: print, or act on, the starts and stops of runs')
    .description(
      'Follow the dispatches of a microgrid until SIGINT or SIGTERM, and print a line when a run starts, is reconfigured, ' +
        'stops or was missed.\n\n' +
        'Lost connections are opened again; meanwhile runs start and stop on schedule. ' +
        'Problems and the state of the connection are printed on stderr.',
    )
    .argument('<microgrid-id>', 'id of the microgrid', parseId)
    .option('-T, --type <type>', 'only dispatches of exactly this type')
    .option('--lifecycle', 'also print when a dispatch is created, updated or deleted')
    .option('--exec <command>', 'run a shell command for each line')
    .option('--timeout <duration>', 'end the command of --exec when it runs longer than this', parseDuration)
    .option('--dry-runs', 'run the command for dry runs too, with DISPATCH_DRY_RUN=true')
    .option('--no-resumed', 'do not run the command for runs that go on after a restart')
    .option(
      '--store <file>',
      'keep the state in this file, to carry on after a restart, also without the service',
      parseNonEmpty,
    )
    .option(
      '--health <[host:]port>',
      'serve the health at http://HOST:PORT/health and /ready; the default host is 127.0.0.1',
      parseNonEmpty,
    )
    .addOption(
      new Option('--inspect [where]', 'show the machines in the Stately inspector: at a port, or a ws:// address')
        .preset(DEFAULT_INSPECTOR_PORT)
        .argParser(parseInspectorPlace),
    )
    .addHelpText(
      'after',
      `
The command of --exec gets the notification as a line of JSON on its stdin, and in its environment:
DISPATCH_NOTIFICATION (running.started, running.resumed, running.reconfigured, running.stopped, run.missed), DISPATCH_ID,
DISPATCH_TYPE, DISPATCH_MICROGRID_ID, DISPATCH_SELECTOR and DISPATCH_PAYLOAD (JSON), DISPATCH_DRY_RUN, DISPATCH_AT_MS,
DISPATCH_CAUSE, DISPATCH_RUN_START_MS and DISPATCH_RUN_END_MS (empty: no end). Its output goes to stderr.

At most eight commands run at a time. Those of one dispatch, and of dispatches that may be for the same component, run one after
the other; follow reports which commands wait for longer than ten seconds, and for what. A start whose run is over when it is its
turn is skipped, and its stop too. A command that fails, or that --timeout ends, is reported, and the next ones run all the same.

running.resumed means that a run which was announced before a restart goes on: treat it as a start. For a dry run the command
is not run; follow prints on stderr what it would run. A run that becomes a dry run is stopped for the command.

The file of --store is created when it does not exist. While another process uses it, follow waits until it is free: it
connects to nothing and prints nothing. After a restart no start is repeated, and runs that passed meanwhile are printed as
missed. When the process is killed, the file lacks at most the last second.

/health of --health answers 200 while runs start and stop on schedule, also while the service cannot be reached, and /ready while
the dispatcher is in sync with it; otherwise 503. Under systemd (Type=notify, NotifyAccess=all) follow reports that it is up
once the store is open, and feeds the watchdog of the unit.

The page of --inspect shows the dispatcher, its parts, and up to 100 dispatches at a time, those of --type. It is reachable on
this machine only, and needs the packages @statelyai/inspect and ws.

Exit codes: 0 interrupted, 1 the dispatcher failed or the file of --store cannot be opened, 2 the command line is wrong.

Examples:
  $ dispatch follow 1
  $ dispatch follow 1 --type CHARGE --json
  $ dispatch follow 1 --store microgrid1.db
  $ dispatch follow 1 --type CHARGE --inspect=8080
  $ dispatch follow 1 --type CHARGE --exec 'echo "$DISPATCH_NOTIFICATION $DISPATCH_PAYLOAD"'`,
    )
    .action(follow);
}

async function follow(microgridId: number, options: FollowOptions, command: Command): Promise<void> {
  const { url, authKey, signSecret } = globalOptions(command);
  if (options.timeout !== undefined && options.exec === undefined) throw new UsageError('--timeout needs --exec.');
  using interrupted = untilInterrupted();
  const { Dispatcher } = await import('../../dispatcher/dispatcher.js');
  const store = await storeOf(options);
  await using dispatcher = await withOptions(
    () => new Dispatcher({ microgridId, address: url, authKey, signSecret, logger: stderrLogger(), store }),
  );
  await using _inspector = await inspect(dispatcher, options);
  await using _health = await openHealth(dispatcher, options);
  using systemd = systemdNotifier(note);
  const commandsDone = printNotifications(dispatcher, options, command);
  noteStanding(dispatcher, url);
  const stopped = new AbortController();
  dispatcher.on('sync', ({ state }) => {
    systemd.status(state);
    if (state === 'stopped') stopped.abort();
  });
  await startWhenStoreIsFree(dispatcher, interrupted);
  systemd.ready();
  await aborted(AbortSignal.any([interrupted, stopped.signal]));
  systemd.stopping();
  await dispatcher.stop();
  await commandsDone();
  if (!interrupted.aborted) throw new OperationFailed(dispatcher.status.problem?.message ?? 'the dispatcher stopped');
}

/** Two dispatchers on one device are worse than none: while another process has the store, nothing is done. */
async function startWhenStoreIsFree(dispatcher: Dispatcher, interrupted: AbortSignal): Promise<void> {
  for (let isNoted = false; !interrupted.aborted; isNoted = true) {
    const problem = await dispatcher.start().then(
      () => undefined,
      error => error as Error,
    );
    if (problem === undefined) return;
    if (!isStoreInUse(problem)) throw problem;
    if (!isNoted) note(`${problem.message}: waiting until it is free`);
    await setTimeout(STORE_RETRY_MS, undefined, { signal: interrupted }).catch(() => {});
  }
}

/** A file that cannot be opened at all is UNAVAILABLE too, but nothing to wait for. */
function isStoreInUse(error: Error): boolean {
  const { code } = (error.cause instanceof Error ? (error.cause.cause ?? error.cause) : {}) as { code?: unknown };
  return error instanceof DispatchError && error.code === 'UNAVAILABLE' && String(code).startsWith('SQLITE_BUSY');
}

async function storeOf({ store: path }: FollowOptions): Promise<DispatcherStore | undefined> {
  if (path === undefined) return undefined;
  const { sqliteStore } = await import('../../store/sqliteStore.js');
  return sqliteStore(path);
}

/** Opens the inspector of `--inspect` if it is wanted; its packages are loaded only then. */
async function inspect({ actor }: Dispatcher, { inspect, type }: FollowOptions): Promise<AsyncDisposable | undefined> {
  if (inspect === undefined) return undefined;
  const { openInspector } = await import('../inspector/openInspector.js');
  return openInspector(actor, inspect, type === undefined ? {} : { types: [type] });
}

async function openHealth(dispatcher: Dispatcher, { health }: FollowOptions): Promise<AsyncDisposable | undefined> {
  if (health === undefined) return undefined;
  const served = await serveHealth(dispatcher, health, stderrLogger());
  note(`health: ${served.origin}/health`);
  return served;
}

/** Prints notifications and gives them to the command of `--exec`; returns how to wait for the commands. */
function printNotifications(
  dispatcher: Dispatcher,
  { type, exec, lifecycle, timeout, dryRuns = false, resumed }: FollowOptions,
  command: Command,
): () => Promise<void> {
  const { json } = globalOptions(command);
  const runner =
    exec === undefined
      ? undefined
      : execCommand({ commandLine: exec, dryRuns, resumed, timeoutMs: timeout, say: note });
  dispatcher.actor.on('*', output => {
    if (!isRunNotification(output) && !(lifecycle && isLifecycleEvent(output))) return;
    if (type !== undefined && output.dispatch.type !== type) return;
    if (json) printJson(notificationJson(output));
    else print(notificationText(output));
    runner?.run(output);
  });
  return async () => runner?.done();
}

/** Notes problems, and that the dispatcher is live: for the first time, and again after a problem. */
function noteStanding(dispatcher: Dispatcher, url: string): void {
  let noted = false;
  let troubled = false;
  dispatcher.on('problem', problem => {
    troubled = true;
    note(`problem: ${problem.message}`);
  });
  dispatcher.on('restored', count => {
    if (count > 0) note(`restored ${count === 1 ? '1 dispatch' : `${count} dispatches`} from the store`);
  });
  dispatcher.on('sync', ({ state }) => {
    if (state === 'waiting' && troubled) noted = false;
    if (state !== 'live' || noted) return;
    noted = true;
    troubled = false;
    note(`following microgrid ${dispatcher.microgridId} on ${url}`);
  });
}
