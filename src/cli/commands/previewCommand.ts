import type { Command } from 'commander';

import { Dispatch } from '../../dispatch.js';
import type { Run } from '../../model/schedule.js';
import { groupNotes } from '../../planning/groups/groupNotes.js';
import { groupDurationText, groupJson, groupRuleText } from '../../planning/groups/groupWords.js';
import type { LiveGroup } from '../../planning/groups/liveGroup.js';
import { newGroup } from '../../planning/groups/newGroup.js';
import type { Common } from '../../planning/groups/planChanges.js';
import { plannedGroup } from '../../planning/groups/plannedGroup.js';
import { singleRun } from '../../planning/groups/singleRun.js';
import { findTargets, type TargetId } from '../../planning/groups/targets.js';
import { planNotes } from '../../planning/planNotes.js';
import { plannedDispatch } from '../../planning/planned.js';
import { parseDuration } from '../../planning/text/parseDuration.js';
import { parseTimeZone } from '../../planning/text/parseTimeZone.js';
import { printsJson } from '../globalOptions.js';
import { parseTargetId, TARGET_ID } from '../input/parseTargetIds.js';
import { parseStart } from '../input/parseTime.js';
import { parseCount, parseId } from '../input/parseValue.js';
import { addRecurrenceOptions, type RecurrenceOptions, readRecurrence } from '../input/recurrenceOptions.js';
import { UsageError } from '../input/usageError.js';
import { addZoneOptions, checkZoneOptions, type ZoneOptions } from '../input/zoneOptions.js';
import { OperationFailed } from '../operationFailed.js';
import { durationText, recurrenceText } from '../output/dispatchText.js';
import { partLines } from '../output/groupText.js';
import { notesFor } from '../output/notesFor.js';
import { print, printJson } from '../output/print.js';
import { printText } from '../output/printText.js';
import { runText } from '../output/runsText.js';
import { withMicrogrid } from '../withMicrogrid.js';

interface PreviewOptions extends RecurrenceOptions, ZoneOptions {
  readonly microgrid?: number;
  readonly id?: TargetId;
  readonly runs: number;
  readonly showIn?: string;
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
    .option('--id <id>', TARGET_ID, parseTargetId)
    .optionsGroup('Output:')
    .option('-n, --runs <n>', 'number of runs', parseCount, 10)
    .option(
      '--show-in <zone>',
      'zone of the local times that are shown (default: --time-zone, that of the group, or that of this machine)',
      parseTimeZone,
    );
  addZoneOptions(addRecurrenceOptions(command))
    .addHelpText(
      'after',
      `
Examples:
  $ dispatch preview 'tomorrow at 9am' 1h --frequency weekly --by-weekday mon,fri
  $ dispatch preview 2026-01-31T12:00 30m -f monthly --runs 5 --show-in Europe/Berlin
  $ dispatch preview tomorrow -f daily --by-hour 22 --to 06:00 --time-zone Europe/Berlin --until 2027-12-31
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
  const { runs: limit, timeZone } = options;
  checkZoneOptions(options, durationMs);
  const nowMs = Date.now();
  const { found, startNotes } = await subject(start, durationMs, options, nowMs, command);
  const { rule, duration, dispatches, group, ...shown } =
    found instanceof Dispatch ? ofDispatch(found) : ofGroup(found, nowMs, startNotes.length > 0);
  const notes = [...startNotes, ...shown.notes];
  const runs = nextRuns(dispatches, nowMs, limit);
  if (printsJson(command)) {
    printJson({ rule, runs, notes, ...(group && { group: groupJson(group) }) });
    return;
  }
  const shownIn = options.showIn ?? timeZone ?? group?.group.zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
  printText(`${rule}, ${duration}`);
  notesFor(command)(notes);
  for (const run of runs) printText(`  ${runText(run, shownIn)}`);
  if (runs.length === 0) print('No run is to come.');
  if (group) printText(partLines(group).join('\n'));
}

/** What is shown of a plan, a dispatch or a group. */
interface Shown {
  readonly rule: string;
  readonly duration: string;
  readonly dispatches: readonly Dispatch[];
  readonly notes: readonly string[];
  readonly group?: LiveGroup;
}

const INACTIVE = 'It is inactive: it does not run.';

function ofDispatch(dispatch: Dispatch): Shown {
  const notes = [...(dispatch.active ? [] : [INACTIVE]), ...planNotes(dispatch.record)];
  return { rule: recurrenceText(dispatch), duration: `for ${durationText(dispatch)}`, dispatches: [dispatch], notes };
}

function ofGroup(live: LiveGroup, nowMs: number, isStartTold: boolean): Shown {
  const { group, common, records } = live;
  return {
    rule: groupRuleText(group),
    duration: `${group.toMinute === null ? 'for ' : ''}${groupDurationText(group)}`,
    dispatches: records.map(record => new Dispatch(record)),
    notes: [...(common.active ? [] : [INACTIVE]), ...groupNotes(group, nowMs, { isStartTold })],
    group: live,
  };
}

/** What is to be shown. */
interface Subject {
  readonly found: Dispatch | LiveGroup;
  /** What is told of the start as it was given. */
  readonly startNotes: readonly string[];
}

async function subject(
  start: string | undefined,
  durationMs: number | undefined,
  { microgrid, id, timeZone: zone, to, ...options }: PreviewOptions,
  nowMs: number,
  command: Command,
): Promise<Subject> {
  const recurrence = (await readRecurrence(options, nowMs, zone)) ?? null;
  if (start !== undefined && microgrid === undefined && id === undefined) {
    const startNotes: string[] = [];
    const say = (notes: readonly string[]) => startNotes.push(...notes);
    const { time, localMs } = await parseStart(start, { of: '[start-time]', nowMs, ahead: true, timeZone: zone, say });
    const startTimeMs = time.getTime();
    if (zone !== undefined && recurrence !== null) {
      const input = {
        ...{ zone, startTimeMs, localStartMs: localMs, rule: recurrence },
        ...{ durationMs: durationMs ?? null, toMinute: to ?? null },
      };
      return { found: plannedGroup(0, newGroup(input), PREVIEWED), startNotes };
    }
    const given = { startTimeMs, localStartMs: localMs, durationMs: durationMs ?? null, toMinute: to };
    const single = zone === undefined ? { ...given, notes: [] } : singleRun(zone, given);
    const plan = { ...PREVIEWED, startTimeMs, durationMs: single.durationMs, recurrence };
    return { found: plannedDispatch(0, plan), startNotes: [...startNotes, ...single.notes] };
  }
  if (start !== undefined || microgrid === undefined || id === undefined) {
    throw new UsageError('Give either a start time, or --microgrid and --id.');
  }
  if (recurrence !== null) throw new UsageError('A dispatch that exists has its own rule.');
  return await withMicrogrid(command, microgrid, async client => {
    const targets = await findTargets(client, [id], { say: notesFor(command), readOnly: true });
    const [target = id] = targets.ids;
    const found = targets.groupOf(target) ?? (await client.get(Number(target)));
    return { found, startNotes: [] };
  });
}

const PREVIEWED: Common = { type: 'PREVIEW', selector: { ids: [] }, active: true, dryRun: false, payload: {} };

/** The runs that are on, and those that come. */
function nextRuns(dispatches: readonly Dispatch[], nowMs: number, limit: number): Run[] {
  try {
    return dispatches
      .flatMap(dispatch => firstRuns(dispatch, nowMs, limit))
      .sort((a, b) => a.startMs - b.startMs)
      .slice(0, limit);
  } catch (error) {
    if (error instanceof RangeError)
      throw new OperationFailed('UNEVALUABLE', `The rule cannot be evaluated: ${error.message}.`);
    throw error;
  }
}

function firstRuns(dispatch: Dispatch, nowMs: number, limit: number): Run[] {
  const runs: Run[] = [];
  for (const run of dispatch.runs(new Date(nowMs), new Date(LAST_MS))) {
    runs.push(run);
    if (runs.length === limit) break;
  }
  return runs;
}

/** The last millisecond of the protocol's times. */
const LAST_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);
