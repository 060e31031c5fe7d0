import { type Command, Option } from 'commander';

import type { DispatchChanges } from '../../client/requests.js';
import type { JsonObject } from '../../model/dispatchRecord.js';
import type { Selector } from '../../model/selector.js';
import { parseDuration } from '../input/parseDuration.js';
import { parsePayload } from '../input/parsePayload.js';
import { parseTime } from '../input/parseTime.js';
import { parseBoolean, parseId } from '../input/parseValue.js';
import { addRecurrenceOptions, type RecurrenceOptions, readRecurrence } from '../input/recurrenceOptions.js';
import { UsageError } from '../input/usageError.js';
import { printResult } from '../output/printResult.js';
import { parseSelector } from '../selectorText.js';
import { withMicrogrid } from '../withMicrogrid.js';

interface UpdateOptions extends RecurrenceOptions {
  readonly startTime?: string;
  readonly duration?: number;
  readonly noDuration?: true;
  readonly target?: Selector;
  readonly active?: boolean;
  readonly payload?: JsonObject;
  readonly noRecurrence?: true;
}

/** Adds `update`: changes of a dispatch. */
export function updateCommand(program: Command): void {
  const command = program
    .command('update')
    .summary('change a dispatch')
    .description(
      'Change a dispatch and print it as the service stored it. What is not named stays.\n\n' +
        'A payload and a recurrence rule are replaced as a whole. Type and dry run cannot change.',
    )
    .argument('<microgrid-id>', 'the microgrid', parseId)
    .argument('<dispatch-id>', 'the dispatch', parseId)
    .option('--start-time <time>', 'when the first run begins')
    .option('--duration <duration>', 'length of each run', parseDuration)
    .addOption(flag('--no-duration', 'take the duration away: runs have no end').conflicts('duration'))
    .option('-t, --target <target>', 'component ids, or categories and types by name', parseSelector)
    .addOption(new Option('-a, --active <bool>', 'whether it runs at all').argParser(parseBoolean))
    .option('-p, --payload <json>', 'parameters for the consumer, a JSON object', parsePayload);
  addRecurrenceOptions(command)
    .addOption(flag('--no-recurrence', 'take the rule away: it runs once').conflicts('frequency'))
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
  if (Object.keys(changes).length === 0) throw new UsageError('There is nothing to change: name at least one option.');
  const updated = await withMicrogrid(command, microgridId, client => client.update(id, changes));
  printResult(command, updated, 'Dispatch updated.');
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

/** An option of its own whose name begins with `no`; commander would take it for the opposite of another. */
function flag(name: string, description: string): Option {
  const option = new Option(name, description);
  option.negate = false;
  return option;
}
