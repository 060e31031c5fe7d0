import type { Command } from 'commander';
import { notificationData } from '../../../machines/dispatch/notificationData.js';
import type { RunNotification } from '../../../machines/dispatch/runNotification.js';
import { simulateRuns } from '../../../machines/pool/simulateRuns.js';
import type { DispatchRecord } from '../../model/dispatchRecord.js';
import { mergedNotifications, type SimulatedNotification } from '../../planning/simulatedLines.js';
import { clockText, dayText, timeText } from '../../planning/timeText.js';
import { readDispatches } from '../exchange/readDispatches.js';
import { printsJson } from '../globalOptions.js';
import { MERGE_STRATEGIES, type MergeName, mergeOption } from '../input/mergeNames.js';
import { parseTime } from '../input/parseTime.js';
import { parseCount, parseId, parseNonEmpty } from '../input/parseValue.js';
import { UsageError } from '../input/usageError.js';
import { OperationFailed } from '../operationFailed.js';
import { countText } from '../output/countText.js';
import { notificationDataText } from '../output/notificationText.js';
import { drained, note, print, printJson } from '../output/print.js';
import { printText } from '../output/printText.js';
import { startProgress, tellProgress } from '../output/progress.js';
import { withMicrogrid } from '../withMicrogrid.js';

interface SimulateOptions {
  readonly type?: string;
  readonly merge?: MergeName;
  readonly file?: string;
  readonly limit: number;
}

const DEFAULT_LIMIT = 1_000;

/** Adds `simulate`, which prints what a dispatcher will announce. */
export function simulateCommand(program: Command): void {
  program
    .command('simulate')
    .summary('print what would be announced between two times')
    .description(
      'Print what a dispatcher that starts at one time would announce until another, if no dispatch changes. The machines of a dispatcher ' +
        'decide it, on a simulated clock.',
    )
    .argument('<microgrid-id>', 'id of the microgrid', parseId)
    .argument('<from>', 'the time at which the dispatcher starts')
    .argument('<to>', 'the time at which it ends')
    .option('-T, --type <type>', 'only dispatches of exactly this type', parseNonEmpty)
    .addOption(mergeOption('merge by type or type-and-selector, as a receiver with this strategy does'))
    .option(
      '--file <file>',
      'read the dispatches from a file of JSON lines, not from the service; - is stdin',
      parseNonEmpty,
    )
    .option('--limit <n>', 'maximum number of notifications to print', parseCount, DEFAULT_LIMIT)
    .addHelpText(
      'after',
      `
A line of --file is what "list --json" prints for a dispatch; only type, startTime and selector are required, so that a plan can be tried
before it is created. With --json each line has the form of "follow --json".

Examples:
  $ dispatch simulate 1 now 'in 24 hours'
  $ dispatch simulate 1 2026-04-01 2026-05-01 --type CHARGE --merge type --limit 10000
  $ dispatch list 1 --json > plan.jsonl && dispatch simulate 1 tomorrow 'in 7 days' --file plan.jsonl --json`,
    )
    .action(simulate);
}

async function simulate(
  microgridId: number,
  from: string,
  to: string,
  { type, merge, file, limit }: SimulateOptions,
  command: Command,
): Promise<void> {
  const nowMs = Date.now();
  const fromMs = (await parseTime(from, { of: '<from>', nowMs, ahead: true })).getTime();
  const toMs = (await parseTime(to, { of: '<to>', nowMs, ahead: true })).getTime();
  if (toMs <= fromMs) throw new UsageError(`<to> must be after <from>, ${timeText(new Date(fromMs))}.`);
  using _progress = startProgress('reading dispatches');
  const records = new Map<number, DispatchRecord>();
  for await (const record of recordsFrom(microgridId, fromMs, file, command)) {
    if (record.microgridId !== microgridId || (type !== undefined && record.type !== type)) continue;
    if (records.has(record.id)) throw new OperationFailed('INVALID_ARGUMENT', `dispatch ${record.id} is there twice`);
    records.set(record.id, record);
    tellProgress(() => `${records.size} dispatches read`);
  }
  let problems = 0;
  const onProblem = ({ message }: Error) => {
    problems += 1;
    note(`problem: ${message}`);
  };
  const notifications = simulateRuns(records.values(), { fromMs, toMs, onProblem });
  const line = printsJson(command) ? printJson : timeline();
  let printed = 0;
  let isCut = false;
  for (const data of merge === undefined
    ? plain(notifications)
    : mergedNotifications(notifications, MERGE_STRATEGIES[merge])) {
    isCut = printed === limit;
    if (isCut) break;
    line(data);
    printed += 1;
    tellProgress(() => `${printed} notifications, until ${timeText(new Date(data.atMs))}`);
    await drained();
  }
  // Also with --json: what is missing must not go unnoticed.
  const more = `There are more than ${countText(limit, 'notification')}; --limit prints more.`;
  if (isCut) note(printsJson(command) ? JSON.stringify({ note: more }) : more);
  else if (!printsJson(command)) printText(`${countText(printed, 'notification')} until ${timeText(new Date(toMs))}.`);
  if (problems > 0) throw new OperationFailed('UNEVALUABLE', `${problems} dispatches cannot be evaluated.`);
}

/** The dispatches that may run from a time on. */
async function* recordsFrom(
  microgridId: number,
  fromMs: number,
  file: string | undefined,
  command: Command,
): AsyncGenerator<DispatchRecord> {
  if (file !== undefined) {
    yield* readDispatches(file, microgridId);
    return;
  }
  const listed: DispatchRecord[] = [];
  await withMicrogrid(command, microgridId, async client => {
    for await (const { record } of client.list({ active: true, endFrom: new Date(fromMs) })) listed.push(record);
  });
  yield* listed;
}

function* plain(notifications: Iterable<RunNotification>): Generator<SimulatedNotification> {
  for (const notification of notifications) yield notificationData(notification);
}

/** Prints notifications under the days on which they are. */
function timeline(): (data: SimulatedNotification) => void {
  let day = '';
  return data => {
    const next = dayText(data.atMs);
    if (next !== day) print(next);
    day = next;
    printText(`  ${notificationDataText(data, clockText)}`);
  };
}
