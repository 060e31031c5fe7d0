import type { Command } from 'commander';

import type { Dispatch } from '../../dispatch.js';
import type { Run } from '../../model/schedule.js';
import { printsJson } from '../globalOptions.js';
import { parseDuration } from '../input/parseDuration.js';
import { parseTime } from '../input/parseTime.js';
import { parseTimeZone } from '../input/parseTimeZone.js';
import { parseCount, parseId } from '../input/parseValue.js';
import { addRecurrenceOptions, type RecurrenceOptions, readRecurrence } from '../input/recurrenceOptions.js';
import { UsageError } from '../input/usageError.js';
import { OperationFailed } from '../operationFailed.js';
import { durationText, recurrenceText } from '../output/dispatchText.js';
import { print, printJson } from '../output/print.js';
import { runText } from '../output/runsText.js';
import { planNotes } from '../planning/planNotes.js';
import { notesFor, plannedDispatch } from '../planning/planned.js';
import { withMicrogrid } from '../withMicrogrid.js';

interface PreviewOptions extends RecurrenceOptions {
  readonly microgrid?: number;
  readonly id?: number;
  readonly runs: number;
  readonly timeZone?: string;
}

/** Adds `preview`, which shows the next runs of a plan or of a dispatch. */
export function previewCommand(program: Command): void {
  const command = program
    .command('preview')
    .summary('show the next runs of a plan or a dispatch')
    .description(
      'Show the next runs of a plan before it is created, or of a dispatch that exists, in UTC and in local time, and what may ' +
        'surprise about them. Nothing is changed.',
    )
    .argument('[start-time]', 'start of the first run, as for create')
    .argument('[duration]', 'duration of each run, as for create', parseDuration)
    .optionsGroup('A dispatch that exists:')
    .option('--microgrid <id>', 'id of its microgrid', parseId)
    .option('--id <id>', 'id of the dispatch', parseId)
    .optionsGroup('Output:')
    .option('-n, --runs <n>', 'number of runs', parseCount, 10)
    .option('--time-zone <zone>', 'zone of the local times (default: that of this machine)', parseTimeZone);
  addRecurrenceOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  $ dispatch preview 'tomorrow at 9am' 1h --frequency weekly --by-weekday mon,fri
  $ dispatch preview 2026-01-31T12:00 30m -f monthly --runs 5 --time-zone Europe/Berlin
  $ dispatch preview --microgrid 1 --id 42`,
    )
    .action(preview);
}

async function preview(
  start: string | undefined,
  durationMs: number | undefined,
  options: PreviewOptions,
  command: Command,
): Promise<void> {
  const { runs: limit, timeZone = Intl.DateTimeFormat().resolvedOptions().timeZone } = options;
  const nowMs = Date.now();
  const dispatch = await subject(start, durationMs, options, nowMs, command);
  const runs = nextRuns(dispatch, nowMs, limit);
  const notes = [...(dispatch.active ? [] : ['It is inactive: it does not run.']), ...planNotes(dispatch.record)];
  if (printsJson(command)) {
    printJson({ rule: recurrenceText(dispatch), runs, notes });
    return;
  }
  print(`${recurrenceText(dispatch)}, for ${durationText(dispatch)}`);
  notesFor(command)(notes);
  for (const run of runs) print(`  ${runText(run, timeZone)}`);
  if (runs.length === 0) print('No run is to come.');
}

async function subject(
  start: string | undefined,
  durationMs: number | undefined,
  { microgrid, id, ...options }: PreviewOptions,
  nowMs: number,
  command: Command,
): Promise<Dispatch> {
  if (start !== undefined && microgrid === undefined && id === undefined) {
    return plannedDispatch(0, {
      type: 'PREVIEW',
      startTimeMs: (await parseTime(start, { nowMs, ahead: true })).getTime(),
      durationMs: durationMs ?? null,
      selector: { ids: [] },
      active: true,
      dryRun: false,
      payload: {},
      recurrence: (await readRecurrence(options, nowMs)) ?? null,
    });
  }
  if (start !== undefined || microgrid === undefined || id === undefined) {
    throw new UsageError('Give either a start time, or --microgrid and --id.');
  }
  if ((await readRecurrence(options, nowMs)) !== undefined)
    throw new UsageError('A dispatch that exists has its own rule.');
  return await withMicrogrid(command, microgrid, client => client.get(id));
}

/** The run that is on, and those that come. */
function nextRuns(dispatch: Dispatch, nowMs: number, limit: number): Run[] {
  const runs: Run[] = [];
  try {
    for (const run of dispatch.runs(new Date(nowMs), new Date(LAST_MS))) {
      runs.push(run);
      if (runs.length === limit) break;
    }
  } catch (error) {
    if (error instanceof RangeError) throw new OperationFailed(`The rule cannot be evaluated: ${error.message}.`);
    throw error;
  }
  return runs;
}

/** The last millisecond of the protocol's times. */
const LAST_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);
