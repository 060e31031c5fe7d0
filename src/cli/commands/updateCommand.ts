import { type Command, Option } from 'commander';

import type { MicrogridClient } from '../../client/microgridClient.js';
import type { DispatchChanges } from '../../client/requests.js';
import { Dispatch } from '../../dispatch.js';
import { singleRun } from '../../planning/groups/singleRun.js';
import { findTargets, type TargetId } from '../../planning/groups/targets.js';
import { lastEndMs, planNotes } from '../../planning/planNotes.js';
import { checkAnswer } from '../../planning/planned.js';
import { runningNotes } from '../../planning/runningNotes.js';
import { parseDuration } from '../../planning/text/parseDuration.js';
import { type GroupOptions, updateAndPrintGroup } from '../groups/updateAndPrintGroup.js';
import { minuteNotes } from '../input/minuteNotes.js';
import { NOTE_OPTION } from '../input/noteOption.js';
import { parseOwnPayload } from '../input/parseOwnPayload.js';
import { parseTarget } from '../input/parseTarget.js';
import { parseTargetId, TARGET_ID } from '../input/parseTargetIds.js';
import { parseTime } from '../input/parseTime.js';
import { parseBoolean, parseId } from '../input/parseValue.js';
import { addRecurrenceOptions, readRecurrence } from '../input/recurrenceOptions.js';
import { UsageError } from '../input/usageError.js';
import { addZoneOptions, checkZoneOptions } from '../input/zoneOptions.js';
import { OperationFailed } from '../operationFailed.js';
import { notesFor } from '../output/notesFor.js';
import { printResult } from '../output/printResult.js';
import { rehearseChange } from '../rehearse.js';
import { withMicrogrid } from '../withMicrogrid.js';

interface UpdateOptions extends GroupOptions {
  readonly noRecurrence?: true;
}

/** Adds `update`, which changes a dispatch. */
export function updateCommand(program: Command): void {
  const command = program
    .command('update')
    .summary('change a dispatch')
    .description(
      'Change a dispatch and print it as the service stored it. Fields that are not given stay as they are.\n\n' +
        'A payload and a recurrence rule are replaced as a whole. The type and whether it is a dry run cannot change. A note ' +
        'says beforehand, also with --dry, when a run that is on is stopped or reconfigured by it.\n\n' +
        'A group changes as a whole; its rule, --until and times are in its zone. Its dispatches keep their ids and start times where ' +
        'they can, so that what is running is reconfigured and not stopped.',
    )
    .argument('<microgrid-id>', 'id of the microgrid', parseId)
    .argument('<dispatch-id>', TARGET_ID, parseTargetId)
    .option(
      '--start-time <time>',
      "start of the first run, such as 2026-04-01T14:00 or 'in 2 hours'; of a group in its zone",
    )
    .option('--duration <duration>', 'duration of each run, such as 90s or 1h30m', parseDuration)
    .addOption(flag('--no-duration', 'remove the duration: the run has no end').conflicts('duration'))
    .option(
      '-t, --target <target>',
      'component ids, or categories and types by name, such as 1,2 or BATTERY',
      parseTarget,
    )
    .addOption(new Option('-a, --active <bool>', 'false: it does not run').argParser(parseBoolean))
    .option('-p, --payload <json>', 'parameters for consumers, a JSON object such as {"power_kw": 5}', parseOwnPayload)
    .option(...NOTE_OPTION)
    .option('--dry', 'show what the dispatch would be, or why it would be refused, and do nothing');
  addRecurrenceOptions(command).addOption(
    flag('--no-recurrence', 'remove the rule: the dispatch runs once').conflicts(['frequency', 'rrule']),
  );
  addZoneOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  $ dispatch update 1 42 --duration 1h --payload '{"power_kw": 7}'
  $ dispatch update 1 42 --active false
  $ dispatch update 1 42 --start-time 'tomorrow at 9am' --target 4,7 --dry
  $ dispatch update 1 42 --frequency daily --by-hour 8,17 --count 10
  $ dispatch update 1 42 --no-duration --no-recurrence
  $ dispatch update 1 g1f0c2d3e --frequency daily --by-hour 9 --by-minute 30
  $ dispatch update 1 g1f0c2d3e --until 2028-12-31`,
    )
    .action(update);
}

async function update(microgridId: number, id: TargetId, options: UpdateOptions, command: Command): Promise<void> {
  const nowMs = Date.now();
  const { note: _, dry: __, ...wanted } = options;
  if (Object.keys(wanted).length === 0) throw new UsageError('There is nothing to change: give at least one option.');
  // A group has a zone of its own.
  checkZoneOptions({ timeZone: options.timeZone ?? 'UTC', to: options.to }, options.duration);
  // What is said of a group may be less than a rule.
  const changes = isOfGroup(id, wanted) ? null : await readChanges(options, nowMs, notesFor(command));
  await withMicrogrid(command, microgridId, async client => {
    const targets = await findTargets(client, [id], { say: notesFor(command), readOnly: options.dry });
    const [found = id] = targets.ids;
    const live = targets.groupOf(found);
    if (live !== null) return updateAndPrintGroup(client, live, options, command);
    if (wanted.to !== undefined) {
      throw new OperationFailed('FAILED_PRECONDITION', '--to needs a group: a dispatch has a duration.');
    }
    if (wanted.timeZone !== undefined && changes?.recurrence) {
      throw new OperationFailed(
        'FAILED_PRECONDITION',
        `Dispatch ${id} is not a group, so its rule is in UTC: create a group, and delete it.`,
      );
    }
    return updateDispatch(
      client,
      Number(id),
      changes ?? (await readChanges(options, nowMs, notesFor(command))),
      options,
      command,
    );
  });
}

/** Whether options can be those of a group only. */
function isOfGroup(id: TargetId, { frequency, rrule, until }: UpdateOptions): boolean {
  return typeof id === 'string' || (until !== undefined && frequency === undefined && rrule === undefined);
}

async function updateDispatch(
  client: MicrogridClient,
  id: number,
  changes: DispatchChanges,
  { dry, note, timeZone }: UpdateOptions,
  command: Command,
): Promise<void> {
  if (Object.keys(changes).length === 0) throw new UsageError('There is nothing to change: give at least one option.');
  const { record } = await client.get(id);
  const { startTime, ...others } = changes;
  const asked = { ...others, ...(startTime && { startTimeMs: startTime.getTime() }) };
  const stays = !record.active && asked.active === undefined ? ['It stays inactive: it does not run.'] : [];
  const plan = { ...record, ...asked };
  const isSingle = plan.recurrence === null && timeZone !== undefined;
  notesFor(command)([
    ...stays,
    ...minuteNotes(asked.recurrence, plan.startTimeMs, null),
    ...(isSingle ? singleRun(timeZone, plan).notes : []),
    ...planNotes(plan),
    ...runningNotes([record], [plan], Date.now()),
  ]);
  if (dry) {
    await rehearseChange(record, changes, Date.now());
    printResult(command, new Dispatch({ ...plan, endTimeMs: lastEndMs(plan) }), 'Nothing was changed.');
    return;
  }
  const updated = await client.update(id, changes, { note });
  printResult(command, updated, 'Dispatch updated.');
  checkAnswer(asked, updated);
}

async function readChanges(
  options: UpdateOptions,
  nowMs: number,
  say: (notes: readonly string[]) => void,
): Promise<DispatchChanges> {
  const { startTime, duration, noDuration, target, active, payload, noRecurrence, timeZone: zone } = options;
  const recurrence = await readRecurrence(options, nowMs, zone);
  return {
    ...(startTime !== undefined && {
      startTime: await parseTime(startTime, { of: '--start-time', nowMs, ahead: true, timeZone: zone, say }),
    }),
    ...(duration !== undefined && { durationMs: duration }),
    ...(noDuration && { durationMs: null }),
    ...(target && { selector: target }),
    ...(active !== undefined && { active }),
    ...(payload && { payload }),
    ...(recurrence && { recurrence }),
    ...(noRecurrence && { recurrence: null }),
  };
}

/** An option whose name begins with `no`; commander would take it for the negation of another. */
function flag(name: string, description: string): Option {
  const option = new Option(name, description);
  option.negate = false;
  return option;
}
