import { type Command, Option } from 'commander';

import { MERGE_NAMES, type MergeName } from './input/mergeNames.js';
import { parseSpan } from './input/parseSpan.js';
import { parseCount, parseName, parseNonEmpty, repeated } from './input/parseValue.js';
import { UsageError } from './input/usageError.js';
import { DEFAULT_INSPECTOR_PORT, type InspectorPlace, parseInspectorPlace } from './inspector/inspectorPlace.js';

/** Options of the command `follow`. */
export interface FollowOptions {
  readonly type?: string;
  readonly exec?: string;
  readonly timeout?: number;
  readonly run?: string;
  readonly merge?: MergeName;
  readonly stopGrace?: number;
  readonly retry?: number;
  readonly dryRuns?: boolean;
  /** False with `--no-resumed`. */
  readonly resumed: boolean;
  readonly lifecycle?: true;
  readonly webhook?: readonly string[];
  readonly webhookSecretFile?: readonly string[];
  readonly store?: string;
  /** In milliseconds. */
  readonly keepHistory?: number;
  /** In MiB. */
  readonly historySize?: number;
  readonly health?: string;
  readonly metrics?: string;
  readonly inspect?: InspectorPlace;
}

/** Adds the options of `follow`, and what its help says of them. */
export function addFollowOptions(command: Command): Command {
  return command
    .option('-T, --type <type>', 'only dispatches of exactly this type', parseNonEmpty)
    .option('--lifecycle', 'also print when a dispatch is created, updated or deleted')
    .option('--exec <command>', 'run a shell command for each line', parseNonEmpty)
    .option(
      '--timeout <duration>',
      'end the command of --exec when it runs longer than this, such as 30s',
      parseSpan(1_000),
    )
    .option('--no-resumed', 'do not run the command of --exec for runs that go on after a restart')
    .option('--run <command>', 'keep a shell command running while a dispatch runs', parseNonEmpty)
    .option(
      '--merge <what>',
      'one command of --run for all dispatches of a type, or of a type-and-selector (default: one for each dispatch)',
      parseName(MERGE_NAMES),
    )
    .option('--stop-grace <duration>', 'time between SIGTERM and SIGKILL for --run (default: 10s)', parseSpan(0))
    .option(
      '--retry <duration>',
      'wait before a command of --run that failed is started again (default: 60s)',
      parseSpan(1_000),
    )
    .option(
      '--webhook <url>',
      'send each notification of a run to this address by HTTP, signed; may be repeated',
      repeated(parseNonEmpty),
    )
    .option(
      '--webhook-secret-file <file>',
      'file that holds the secret of --webhook, whsec_…, or several in lines (env: DISPATCH_WEBHOOK_SECRET); one for all, or one for each in turn',
      repeated(parseNonEmpty),
    )
    .option('--dry-runs', 'run the command for dry runs too, with DISPATCH_DRY_RUN=true')
    .option(
      '--store <file>',
      'keep the state in this file, to carry on after a restart, also without the service',
      parseNonEmpty,
    )
    .option(
      '--keep-history <duration>',
      'how long to keep what was announced in the file of --store (default: 400 days)',
      parseSpan(1_000, 36_500),
    )
    .option('--history-size <mib>', 'how much of it to keep, in MiB (default: 256)', parseCount)
    .option(
      '--health <[host:]port>',
      'serve the health at http://HOST:PORT/health and /ready; the default host is 127.0.0.1',
      parseNonEmpty,
    )
    .option(
      '--metrics <[host:]port>',
      'serve metrics for Prometheus at http://HOST:PORT/metrics; the default host is 127.0.0.1',
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
DISPATCH_CAUSE, DISPATCH_RUN_START_MS and DISPATCH_RUN_END_MS (empty: no end). Its output goes to stderr. A variable that does not
fit into the environment (Linux: 128 KiB) is left out, which is reported once for a dispatch; its stdin has everything.

At most eight commands run at a time. Those of one dispatch, and of dispatches that may be for the same component, run one after
the other; follow reports which commands wait for longer than ten seconds, and for what. A start whose run is over when it is its
turn, also because its dispatch was changed or deleted meanwhile, is skipped, and its stop too, unless the command ran for an earlier
start since the last stop, or before a restart. A command that fails, or that --timeout ends, is reported, and the next ones run all
the same.

The command of --run is started when a run starts, and ended when it stops: SIGTERM to it and all processes that it started, and
SIGKILL after --stop-grace. On its stdin it gets the dispatch as a line of JSON (id, ids, microgridId, type, selector, payload, dryRun,
untilMs, identity) at its start, and another line each time that it changes; the end of its stdin means that it must end. Its
environment has DISPATCH_ID, _TYPE, _MICROGRID_ID, _SELECTOR, _PAYLOAD, _DRY_RUN and _RUN_END_MS, as of its start, and
DISPATCH_COMMAND_LINE. What it prints goes to stderr, prefixed with the id. When it exits with 0 it has done its work for this run;
otherwise it is started again after --retry. When follow ends, it ends all commands and waits for them; at a second SIGINT or
SIGTERM it kills them at once. When follow is killed, the next one with the same --store first ends what was left behind.

running.resumed means that a run which was announced before a restart goes on: treat it as a start. For a dry run the command
is not run; follow prints on stderr what it would run. A run that becomes a dry run is stopped for the command.

--webhook sends Standard Webhooks (standardwebhooks.com): POST requests with the notification as JSON, signed by HMAC-SHA256. They
are repeated until the receiver answers 2xx, in order per dispatch; 410 ends them. With --store, what was not sent is sent after a restart; what waits for an address that is
not among those of --webhook any more is dropped then, and counted.

The file of --store is created when it does not exist. While another process uses it, follow waits until it is free: it
connects to nothing and prints nothing. After a restart no start is repeated, and runs that passed meanwhile are printed as
missed. When the process is killed, the file lacks at most the last second. It also keeps what was announced, which "dispatch history"
and "dispatch report" print.

/health of --health answers 200 while runs start and stop on schedule, also while the service cannot be reached, and while follow
waits for its store; /ready while the dispatcher is in sync with the service; otherwise 503. Under systemd (Type=notify,
NotifyAccess=all) follow reports that it is up once the store is open, and feeds the watchdog of the unit.

/metrics of --metrics tells how late runs start and stop, what runs, the state of the connection, and what went wrong. It may have the
same port as --health. Port 0 takes a free port, which is printed on stderr. It needs the packages @opentelemetry/sdk-metrics and
@opentelemetry/exporter-prometheus.

The page of --inspect shows the dispatcher, its parts, and up to 100 dispatches at a time, those of --type. It is reachable on
this machine only, and needs the packages @statelyai/inspect and ws.

When its output cannot be written, follow goes on. Only when it does nothing but print, and the reader has closed its stdout, it stops. Node.js learns of
that when it writes the next line: until there is one, follow stays.

Exit codes: 0 interrupted, 1 the dispatcher failed, nobody reads its output or the file of --store is no database, 2 the command line is wrong, or there is no folder for that file.

Examples:
  $ dispatch follow 1
  $ dispatch follow 1 --type CHARGE --json
  $ dispatch follow 1 --store microgrid1.db --health 9465 --metrics 9465
  $ dispatch follow 1 --type CHARGE --inspect=8080
  $ dispatch follow 1 --lifecycle --exec ./control-battery.sh --timeout 30s --no-resumed --dry-runs
  $ dispatch follow 1 --type CHARGE --exec 'echo "$DISPATCH_NOTIFICATION $DISPATCH_PAYLOAD"'
  $ dispatch follow 1 --webhook https://plant.example/hook --webhook-secret-file hook.secret --store microgrid1.db
  $ dispatch follow 1 --webhook https://a.example/hook --webhook-secret-file a.secret --webhook https://b.example/hook --webhook-secret-file b.secret
  $ dispatch follow 1 --type CHARGE --merge type --run ./charge-batteries --store microgrid1.db`,
    );
}

/**
 * Refuses options that do not go together.
 *
 * @throws UsageError that names them.
 */
export function checkFollowOptions(options: FollowOptions): void {
  const { exec, run, timeout, resumed, merge, stopGrace, retry, dryRuns, store, keepHistory, historySize } = options;
  const { webhook, webhookSecretFile } = options;
  if (exec !== undefined && run !== undefined) throw new UsageError('--exec and --run cannot be used together.');
  checkNeeds({ '--timeout': timeout, '--no-resumed': resumed ? undefined : true }, { '--exec': exec });
  checkNeeds({ '--merge': merge, '--stop-grace': stopGrace, '--retry': retry }, { '--run': run });
  checkNeeds({ '--keep-history': keepHistory, '--history-size': historySize }, { '--store': store });
  checkNeeds({ '--webhook-secret-file': webhookSecretFile }, { '--webhook': webhook });
  checkNeeds({ '--dry-runs': dryRuns }, { '--exec': exec, '--run': run });
}

/** Refuses options without one of those that they need. */
function checkNeeds(options: Record<string, unknown>, needed: Record<string, unknown>): void {
  if (Object.values(needed).some(value => value !== undefined)) return;
  for (const [name, value] of Object.entries(options)) {
    if (value !== undefined) throw new UsageError(`${name} needs ${Object.keys(needed).join(' or ')}.`);
  }
}
