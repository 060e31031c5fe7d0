import { type Command, Option } from 'commander';

import type { DispatcherStore } from '../../../machines/protocol/dispatcherStore.js';
import type { Dispatcher } from '../../dispatcher/dispatcher.js';
import { commandRunner } from '../commandRunner.js';
import { globalOptions } from '../globalOptions.js';
import { parseId, parseNonEmpty } from '../input/parseValue.js';
import { DEFAULT_INSPECTOR_PORT, type InspectorPlace, parseInspectorPlace } from '../inspector/inspectorPlace.js';
import { isLifecycleEvent, isRunNotification, notificationJson } from '../output/notificationJson.js';
import { notificationText } from '../output/notificationText.js';
import { note, print, printJson } from '../output/print.js';
import { stderrLogger } from '../output/stderrLogger.js';
import { aborted, untilInterrupted } from '../untilInterrupted.js';
import { withOptions } from '../withMicrogrid.js';

interface FollowOptions {
  readonly type?: string;
  readonly exec?: string;
  readonly lifecycle?: true;
  readonly store?: string;
  readonly inspect?: InspectorPlace;
}

/** Adds `follow`: a dispatcher whose notifications are printed and given to a command. */
export function followCommand(program: Command): void {
  program
    .command('follow')
    .summary('run a dispatcher: print, or act on, what starts and stops')
    .description(
      'Follow the dispatches of a microgrid until SIGINT or SIGTERM, and print a line when a run starts, is reconfigured, ' +
        'stops, or was missed.\n\n' +
        'It recovers from lost connections by itself, and runs start and stop on schedule meanwhile. ' +
        'Problems, and when it is live, are told on stderr.',
    )
    .argument('<microgrid-id>', 'the microgrid', parseId)
    .option('-T, --type <type>', 'only dispatches of exactly this type')
    .option('--lifecycle', 'also print dispatches that are created, updated and deleted')
    .option('--exec <command>', 'run a shell command for each line')
    .option(
      '--store <file>',
      'carry on through a restart, also without the service, by what this file keeps',
      parseNonEmpty,
    )
    .addOption(
      new Option('--inspect [where]', 'show its machines in the Stately inspector: at a port, or a ws:// address')
        .preset(DEFAULT_INSPECTOR_PORT)
        .argParser(parseInspectorPlace),
    )
    .addHelpText(
      'after',
      `
The command of --exec gets the notification as a line of JSON on its stdin, and in its environment:
DISPATCH_NOTIFICATION (running.started, running.resumed, running.reconfigured, running.stopped, run.missed), DISPATCH_ID, DISPATCH_TYPE,
DISPATCH_MICROGRID_ID, DISPATCH_SELECTOR and DISPATCH_PAYLOAD (JSON), DISPATCH_DRY_RUN, DISPATCH_AT_MS, DISPATCH_CAUSE,
DISPATCH_RUN_START_MS and DISPATCH_RUN_END_MS (empty: no end). What it prints goes to stderr. Commands of one dispatch
run one after the other; one that fails is reported, and the rest goes on.

The file of --store is made when it does not exist, and one process has it at a time. After a restart nothing is announced
twice, and runs that passed meanwhile are told as missed. Killed at any moment, it loses at most what came in the last second.

The page of --inspect draws the dispatcher, its parts, and up to 100 dispatches at a time, those of --type. It is on this
machine only, and needs the packages @statelyai/inspect and ws.

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
  using interrupted = untilInterrupted();
  const { Dispatcher } = await import('../../dispatcher/dispatcher.js');
  const store = await storeOf(options);
  await using dispatcher = await withOptions(
    () => new Dispatcher({ microgridId, address: url, authKey, signSecret, logger: stderrLogger(), ...store }),
  );
  await using _inspector = await inspect(dispatcher, options);
  const commandsDone = printNotifications(dispatcher, options, command);
  noteStanding(dispatcher, url);
  await dispatcher.start();
  await aborted(interrupted);
  await dispatcher.stop();
  await commandsDone();
}

async function storeOf({ store: path }: FollowOptions): Promise<{ store?: DispatcherStore }> {
  if (path === undefined) return {};
  const { sqliteStore } = await import('../../store/sqliteStore.js');
  return { store: sqliteStore(path) };
}

/** Opens the inspector of `--inspect`, if it is asked for. Nothing of it is loaded otherwise. */
async function inspect({ actor }: Dispatcher, { inspect, type }: FollowOptions): Promise<AsyncDisposable | undefined> {
  if (inspect === undefined) return undefined;
  const { openInspector } = await import('../inspector/openInspector.js');
  return openInspector(actor, inspect, type === undefined ? {} : { types: [type] });
}

/** Prints notifications and gives them to the command of `--exec`; returns how to wait for the commands. */
function printNotifications(
  dispatcher: Dispatcher,
  { type, exec, lifecycle }: FollowOptions,
  command: Command,
): () => Promise<void> {
  const { json } = globalOptions(command);
  const runner = exec === undefined ? undefined : commandRunner(exec, note);
  dispatcher.actor.on('*', output => {
    if (!isRunNotification(output) && !(lifecycle && isLifecycleEvent(output))) return;
    if (type !== undefined && output.dispatch.type !== type) return;
    if (json) printJson(notificationJson(output));
    else print(notificationText(output));
    runner?.run(output);
  });
  return async () => runner?.done();
}

/** Notes problems, and that it is live: the first time, and when it is again after a problem. */
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
