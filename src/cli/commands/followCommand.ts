import { open, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Command } from 'commander';

import { isRunNotification } from '../../../machines/protocol/dispatcherOutput.js';
import type { DispatcherStore } from '../../../machines/protocol/dispatcherStore.js';
import type { WebhookStore } from '../../../machines/protocol/webhookStore.js';
import type { Dispatcher } from '../../dispatcher/dispatcher.js';
import { DispatchError } from '../../model/dispatchError.js';
import { loadOptional } from '../../model/loadOptional.js';
import type { PrometheusMetrics } from '../../telemetry/prometheusMetrics.js';
import { execCommand } from '../exec/execCommand.js';
import { addFollowOptions, checkFollowOptions, type FollowOptions } from '../followOptions.js';
import { serveFollowPages } from '../followPages.js';
import { followWebhooks, noteUnsent } from '../followWebhooks.js';
import { printsJson, readServiceAccess } from '../globalOptions.js';
import { parseId } from '../input/parseValue.js';
import { UsageError } from '../input/usageError.js';
import { OperationFailed } from '../operationFailed.js';
import { isLifecycleEvent, notificationJson } from '../output/notificationJson.js';
import { notificationText } from '../output/notificationText.js';
import { goOnWithoutOutput, onOutputFailure } from '../output/outputFailure.js';
import { note, printJson } from '../output/print.js';
import { printText } from '../output/printText.js';
import { stderrLogger } from '../output/stderrLogger.js';
import { CommandFailed } from '../run/commandFailed.js';
import { systemdNotifier } from '../supervision.js';
import { aborted, untilInterrupted } from '../untilInterrupted.js';
import { withOptions } from '../withMicrogrid.js';

/** Interval of the attempts to open a store that another process has. */
const STORE_RETRY_MS = 1_000;

/** Adds `follow`: a dispatcher whose notifications are printed and given to a command. */
export function followCommand(program: Command): void {
  const command = program
    .command('follow')
    .summary('run a dispatcher: print, or act on, the starts and stops of runs')
    .description(
      'Follow the dispatches of a microgrid until SIGINT or SIGTERM, and print a line when a run starts, is reconfigured, ' +
        'stops or was missed.\n\n' +
        'Lost connections are opened again; meanwhile runs start and stop on schedule. ' +
        'Problems and the state of the connection are printed on stderr.',
    )
    .argument('<microgrid-id>', 'id of the microgrid', parseId);
  addFollowOptions(command).action(follow);
}

async function follow(microgridId: number, options: FollowOptions, command: Command): Promise<void> {
  const { url, ...credentials } = await readServiceAccess(command);
  checkFollowOptions(options);
  const killed = new AbortController();
  using interrupted = untilInterrupted(() => killed.abort());
  const unread = new AbortController();
  using _output = onOutputFailure((stream, error) => {
    if (stream === 'stdout' && error.code === 'EPIPE' && !isOfUseUnread(options)) unread.abort();
    else goOnWithoutOutput(stream, error);
  });
  const { Dispatcher } = await import('../../dispatcher/dispatcher.js');
  const store = await storeOf(options);
  const metrics = await metricsOf(options);
  await using dispatcher = await withOptions(
    () =>
      new Dispatcher({ microgridId, address: url, ...credentials, logger: stderrLogger(), store }, metrics?.observe),
  );
  await using _inspector = await inspect(dispatcher, options);
  await using _pages = await openPages(dispatcher, metrics, options);
  using systemd = systemdNotifier(note);
  const webhooks = await followWebhooks(dispatcher, options, store);
  const commandsDone = printNotifications(dispatcher, options, command);
  noteStanding(dispatcher, url);
  const stopped = new AbortController();
  dispatcher.on('sync', ({ state }) => {
    systemd.status(state);
    if (state === 'stopped') stopped.abort();
  });
  await startWhenStoreIsFree(dispatcher, interrupted);
  systemd.ready();
  const endCommands = interrupted.aborted
    ? undefined
    : await startCommands(dispatcher, options, interrupted, killed.signal);
  await aborted(AbortSignal.any([interrupted, stopped.signal, unread.signal]));
  systemd.stopping();
  await endCommands?.();
  await dispatcher.stop();
  noteUnsent(webhooks, store);
  await commandsDone();
  if (unread.signal.aborted) throw new OperationFailed('CANCELLED', 'nobody reads what follow prints');
  if (interrupted.aborted) return;
  const { code = 'STOPPED', message = 'the dispatcher stopped' } = dispatcher.status.problem ?? {};
  throw new OperationFailed(code, message);
}

/** Whether it does more than print. */
function isOfUseUnread({ exec, run, store, health, metrics, webhook }: FollowOptions): boolean {
  return (exec ?? run ?? store ?? health ?? metrics ?? webhook?.[0]) !== undefined;
}

/** Starts the commands of `--run`; returns how to end them. */
async function startCommands(
  dispatcher: Dispatcher,
  options: FollowOptions,
  interrupted: AbortSignal,
  killed: AbortSignal,
): Promise<(() => Promise<void>) | undefined> {
  const { run, type, merge, dryRuns = false, stopGrace = 10_000, retry = 60_000, store } = options;
  if (run === undefined) return undefined;
  const { runCommands } = await import('../run/runCommands.js');
  const spans = { graceMs: stopGrace, retryMs: retry };
  return runCommands(dispatcher, {
    commandLine: run,
    type,
    merge,
    dryRuns,
    ...spans,
    store,
    interrupted,
    killed,
    say: note,
  });
}

/** Two dispatchers on one device are worse than none: while another process has the store, nothing is done. */
async function startWhenStoreIsFree(dispatcher: Dispatcher, interrupted: AbortSignal): Promise<void> {
  for (let isNoted = false; !interrupted.aborted; isNoted = true) {
    const problem = await dispatcher.start().then(
      () => undefined,
      error => error as Error,
    );
    if (problem === undefined) return;
    if (!(problem instanceof DispatchError) || problem.code !== 'UNAVAILABLE') throw problem;
    if (!isNoted) note(`${problem.message}: waiting until it is free`);
    await setTimeout(STORE_RETRY_MS, undefined, { signal: interrupted }).catch(() => {});
  }
}

async function storeOf({
  store: path,
  keepHistory,
  historySize,
}: FollowOptions): Promise<(DispatcherStore & WebhookStore) | undefined> {
  if (path === undefined) return undefined;
  await checkPlace(resolve(path));
  const { sqliteStore } = await import('../../store/sqliteStore.js');
  const maxBytes = historySize === undefined ? undefined : historySize * 2 ** 20;
  return sqliteStore(path, { history: { maxAgeMs: keepHistory, maxBytes } });
}

/** A mistyped path is refused; any other failure of the file is a problem, and the dispatcher follows without it. */
async function checkPlace(file: string): Promise<void> {
  const folder = dirname(file);
  const [ofFile, ofFolder] = await Promise.all([file, folder].map(path => stat(path).catch(() => undefined)));
  if (ofFile?.isDirectory()) throw new OperationFailed('FAILED_PRECONDITION', `cannot open ${file}: it is a folder`);
  if (!ofFolder?.isDirectory()) throw new UsageError(`--store: cannot open ${file}: there is no folder ${folder}`);
  // The header of a database, also of a damaged one, has zeros.
  if (ofFile?.isFile() && ofFile.size > 0 && !(await firstBytes(file)).includes(0))
    throw new OperationFailed('FAILED_PRECONDITION', `cannot open ${file}: it is no database, and is left unchanged`);
}

/** The first 100 bytes of a file; those of one that cannot be read are zeros. */
async function firstBytes(file: string): Promise<Buffer> {
  const bytes = Buffer.alloc(100);
  try {
    await using handle = await open(file);
    return bytes.subarray(0, (await handle.read(bytes, 0, bytes.length, 0)).bytesRead);
  } catch {
    // Opening the store will say what is wrong.
    return bytes;
  }
}

/** Opens the inspector of `--inspect` if it is wanted; its packages are loaded only then. */
async function inspect({ actor }: Dispatcher, { inspect, type }: FollowOptions): Promise<AsyncDisposable | undefined> {
  if (inspect === undefined) return undefined;
  const { openInspector } = await import('../inspector/openInspector.js');
  return openInspector(actor, inspect, type === undefined ? {} : { types: [type] });
}

/** Begins to measure if that is wanted; the packages for it are loaded only then. */
async function metricsOf({ metrics }: FollowOptions): Promise<PrometheusMetrics | undefined> {
  if (metrics === undefined) return undefined;
  const { prometheusMetrics } = await loadOptional(
    'follow --metrics',
    () => import('../../telemetry/prometheusMetrics.js'),
  );
  return prometheusMetrics();
}

async function openPages(
  dispatcher: Dispatcher,
  metrics: PrometheusMetrics | undefined,
  options: FollowOptions,
): Promise<AsyncDisposable> {
  const pages = await serveFollowPages(dispatcher, metrics, options, stderrLogger());
  for (const [name, url] of Object.entries(pages.urls)) note(`${name}: ${url}`);
  return pages;
}

/** Prints notifications and gives them to the command of `--exec`; returns how to wait for the commands. */
function printNotifications(
  dispatcher: Dispatcher,
  { type, exec, lifecycle, timeout, dryRuns = false, resumed }: FollowOptions,
  command: Command,
): () => Promise<void> {
  const json = printsJson(command);
  const runner =
    exec === undefined
      ? undefined
      : execCommand({ commandLine: exec, dryRuns, resumed, timeoutMs: timeout, say: note });
  dispatcher.actor.on('*', output => {
    if (!isRunNotification(output) && !(lifecycle && isLifecycleEvent(output))) return;
    if (type !== undefined && output.dispatch.type !== type) return;
    if (json) printJson(notificationJson(output));
    else printText(notificationText(output));
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
    note(`problem: ${problemText(problem)}`);
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

/** What is wrong, in the words of whoever wrote the command line: a managed actor is their command. */
function problemText({ message, dispatchId, cause }: DispatchError): string {
  return cause instanceof CommandFailed ? cause.textFor(dispatchId) : message;
}
