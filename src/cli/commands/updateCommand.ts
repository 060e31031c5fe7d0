import { type Command, Option } from 'commander';

import type { DispatchChanges } from '../../client/requests.js';
import { Dispatch } from '../../dispatch.js';
import type { JsonObject } from '../../model/dispatchRecord.js';
import type { Selector } from '../../model/selector.js';
import { NOTE_OPTION } from '../input/noteOption.js';
import { parseDuration } from '../input/parseDuration.js';
import { parsePayload } from '../input/parsePayload.js';
import { parseTime } from '../input/parseTime.js';
import { parseBoolean, parseId } from '../input/parseValue.js';
import { addRecurrenceOptions, type RecurrenceOptions, readRecurrence } from '../input/recurrenceOptions.js';
import { UsageError } from '../input/usageError.js';
import { printResult } from '../output/printResult.js';
import { lastEndMs, planNotes } from '../planning/planNotes.js';
import { checkAnswer, notesFor } from '../planning/planned.js';
import { parseSelector } from '../selectorText.js';
import { withMicrogrid } from '../withMicrogrid.js';

interface UpdateOptions extends RecurrenceOptions {
  readonly startTime?: string;
  readonly duration?: number;
  readonly noDuration?: true;
  readonly target?: Selector;
  readonly active?: boolean;
  readonly payload?: JsonObject;
  readonly note?: string;
  readonly dry?: true;
  readonly noRecurrence?: true;
}

/** Adds `update`, which changes a dispatch. */
export function updateCommand(program: Command): void {
  const command = program
    .command('update')
    .summary('change a dispatch')
    .description(
      'Change a dispatch and print it as the service stored it. Fields that are not given stay as they are.\n\n' +
        'A payload and a recurrence rule are replaced as a whole. The type and whether it is a dry run cannot change.',
    )
    .argument('<microgrid-id>', 'id of the microgrid', parseId)
    .argument('<dispatch-id>', 'id of the dispatch', parseId)
    .option('--start-time <time>', 'start of the first run')
    .option('--duration <duration>', 'duration of each run', parseDuration)
    .addOption(flag('--no-duration', 'remove the duration: the run has no end').conflicts('duration'))
    .option('-t, --target <target>', 'component ids, or categories and types by name', parseSelector)
    .addOption(new Option('-a, --active <bool>', 'false: it does not run').argParser(parseBoolean))
    .option('-p, --payload <json>', 'parameters for consumers, a JSON object', parsePayload)
    .option(...NOTE_OPTION)
    .option('--dry', 'show what the dispatch would be, and do nothing; the service may still refuse it');
  addRecurrenceOptions(command)
    .addOption(flag('--no-recurrence', 'remove the rule: the dispatch runs once').conflicts(['frequency', 'rrule']))
    .addHelpText(
      'after',
      `
Examples:
  $ dispatch update 1 42 --duration 1h --payload '{"power_kw": 7}'
  $ dispatch update 1 42 --active false
  $ dispatch update 1 42 --frequency daily --by-hour 8,17 --count 10
  $ dispatch update 1 42 --no-duration --no-recurrence`,
    )
    .action(update);
}

async function update(microgridId: number, id: number, options: UpdateOptions, command: Command): Promise<void> {
  const changes = await readChanges(options, Date.now());
  if (Object.keys(changes).length === 0) throw new UsageError('There is nothing to change: give at least one option.');
  await withMicrogrid(command, microgridId, async client => {
    const { record } = await client.get(id);
    const { startTime, ...others } = changes;
    const asked = { ...others, ...(startTime && { startTimeMs: startTime.getTime() }) };
    const stays = !record.active && asked.active === undefined ? ['It stays inactive: it does not run.'] : [];
    notesFor(command)([...stays, ...planNotes({ ...record, ...asked })]);
    if (options.dry) {
      const plan = { ...record, ...asked };
      printResult(command, new Dispatch({ ...plan, endTimeMs: lastEndMs(plan) }), 'Nothing was changed.');
      return;
    }
    const updated = await client.update(id, changes, { note: options.note });
    printResult(command, updated, 'Dispatch updated.');
    checkAnswer(asked, updated);
  });
}

async function readChanges(options: UpdateOptions, nowMs: number): Promise<DispatchChanges> {
  const { startTime, duration, noDuration, target, active, payload, noRecurrence } = options;
  const recurrence = await readRecurrence(options, nowMs);
  return {
    ...(startTime !== undefined && { startTime: await parseTime(startTime, { nowMs, ahead: true }) }),
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
