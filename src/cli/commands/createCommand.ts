import { type Command, Option } from 'commander';

import type { NewDispatch } from '../../client/requests.js';
import type { JsonObject } from '../../model/dispatchRecord.js';
import type { Selector } from '../../model/selector.js';
import { newGroup } from '../../planning/groups/newGroup.js';
import { LEAD_MS } from '../../planning/groups/partTimes.js';
import { singleRun } from '../../planning/groups/singleRun.js';
import { planNotes } from '../../planning/planNotes.js';
import { checkAnswer, isEmpty, plannedDispatch } from '../../planning/planned.js';
import { isNow } from '../../planning/text/isoTime.js';
import { parseDuration } from '../../planning/text/parseDuration.js';
import { createAndPrintGroup } from '../groups/createAndPrintGroup.js';
import { minuteNotes } from '../input/minuteNotes.js';
import { NOTE_OPTION } from '../input/noteOption.js';
import { parseOwnPayload } from '../input/parseOwnPayload.js';
import { parseTarget } from '../input/parseTarget.js';
import { parseStart } from '../input/parseTime.js';
import { parseBoolean, parseId } from '../input/parseValue.js';
import { addRecurrenceOptions, type RecurrenceOptions, readRecurrence } from '../input/recurrenceOptions.js';
import { addZoneOptions, checkZoneOptions, type ZoneOptions } from '../input/zoneOptions.js';
import { notesFor } from '../output/notesFor.js';
import { printDone } from '../output/printDone.js';
import { printResult } from '../output/printResult.js';
import { rehearseCreation } from '../rehearse.js';
import { withMicrogrid } from '../withMicrogrid.js';

interface CreateOptions extends RecurrenceOptions, ZoneOptions {
  readonly active: boolean;
  readonly dryRun: boolean;
  readonly payload?: JsonObject;
  readonly note?: string;
  readonly dry?: true;
}

/** Adds `create`, which creates a dispatch. */
export function createCommand(program: Command): void {
  const command = program
    .command('create')
    .summary('create a dispatch')
    .description('Create a dispatch and print it as the service stored it.')
    .argument('<microgrid-id>', 'id of the microgrid', parseId)
    .argument('<type>', 'what the dispatch is for, such as CHARGE; consumers select by it')
    .argument(
      '<target>',
      'component ids (1,2,3), or categories and types by name (BATTERY, EV_CHARGER, PV)',
      parseTarget,
    )
    .argument(
      '<start-time>',
      "start of the first run: 2026-04-01T14:00, 'in 2 hours', 'tomorrow at 9am' or now; in UTC unless it names a zone, as '9am Europe/Berlin', or --time-zone does",
    )
    .argument(
      '[duration]',
      'duration of each run: 90s, 1h30m, PT1H or seconds; without it, the run has no end',
      parseDuration,
    )
    .addOption(new Option('-a, --active <bool>', 'false: it never runs').argParser(parseBoolean).default(true))
    .addOption(
      new Option('-d, --dry-run <bool>', 'true: consumers only say what they would do')
        .argParser(parseBoolean)
        .default(false),
    )
    .option('-p, --payload <json>', 'parameters for consumers, a JSON object such as {"power_kw": 5}', parseOwnPayload)
    .option(...NOTE_OPTION)
    .option('--dry', 'show what would be created, or why it would be refused, without the service');
  addZoneOptions(addRecurrenceOptions(command))
    .addHelpText(
      'after',
      `
What may surprise about the runs is told on stderr. The exit code is 1 when the service stored something else than was asked.

Examples:
  $ dispatch create 1 CHARGE BATTERY now 30m --payload '{"power_kw": 5}'
  $ dispatch create 1 PEAK_SHAVING 4,7 2026-04-01T14:00 2h
  $ dispatch create 1 CHARGE EV_CHARGER:HYBRID 'tomorrow at 22:00' 4h --frequency weekly --by-weekday mon,fri
  $ dispatch create 1 CHARGE BATTERY 'in 1 hour' 30m --active false --dry-run true --dry
  $ dispatch create 1 HEAT BATTERY,PV 'in 10 minutes' 90s -f daily --by-hour 8,17 --until 2026-12-31
  $ dispatch create 1 CHARGE BATTERY tomorrow 1h -f daily --by-hour 8 --by-minute 0 --time-zone Europe/Berlin --until 2027-12-31
  $ dispatch create 1 CHARGE BATTERY tomorrow -f weekly --by-weekday mon-fri --by-hour 22 --to 06:00 --time-zone Europe/Berlin \\
      --until 2027-12-31`,
    )
    .action(create);
}

async function create(
  microgridId: number,
  type: string,
  selector: Selector,
  start: string,
  durationMs: number | undefined,
  { active, dryRun, payload = {}, note, dry, timeZone: zone, to, ...options }: CreateOptions,
  command: Command,
): Promise<void> {
  const nowMs = Date.now();
  checkZoneOptions({ timeZone: zone, to }, durationMs);
  const parsed = isNow(start)
    ? null
    : await parseStart(start, { of: '<start-time>', nowMs, ahead: true, timeZone: zone, say: notesFor(command) });
  const startTime: NewDispatch['startTime'] = parsed?.time ?? 'NOW';
  const startTimeMs = startTime === 'NOW' ? nowMs : startTime.getTime();
  const recurrence = (await readRecurrence(options, nowMs, zone)) ?? null;
  if (zone !== undefined && recurrence !== null) {
    // A group has no start that is now: its first run begins as soon as a service can have it.
    const fromMs = startTime === 'NOW' ? Math.ceil((nowMs + LEAD_MS) / 1000) * 1000 : startTimeMs;
    const input = {
      ...{ zone, startTimeMs: fromMs, localStartMs: parsed?.localMs, rule: recurrence },
      ...{ durationMs: durationMs ?? null, toMinute: to ?? null },
    };
    notesFor(command)(minuteNotes(recurrence, fromMs, zone));
    return createAndPrintGroup(
      microgridId,
      newGroup(input),
      { type, selector, active, dryRun, payload },
      { note, dry, isStartTold: parsed?.localMs !== undefined },
      command,
    );
  }
  const given = { startTimeMs, localStartMs: parsed?.localMs, durationMs: durationMs ?? null, toMinute: to };
  const single = zone === undefined ? { ...given, notes: [] } : singleRun(zone, given);
  const dispatch = { type, startTime, durationMs: single.durationMs, selector, active, dryRun, payload, recurrence };
  const { startTime: _, ...asked } = { ...dispatch, startTimeMs };
  const say = notesFor(command);
  say([...minuteNotes(recurrence, asked.startTimeMs, null), ...single.notes, ...planNotes(asked)]);
  if (dry) await rehearseCreation(microgridId, dispatch, nowMs);
  if (dry) return printResult(command, plannedDispatch(microgridId, asked), 'Nothing was created.');
  const created = await withMicrogrid(command, microgridId, async client => {
    if (await isEmpty(client)) say([`It is the first dispatch of microgrid ${microgridId}.`]);
    return client.create(dispatch, { note });
  });
  await printDone(() => printResult(command, created, 'Dispatch created.'), `Dispatch ${created.id} was created.`);
  const { startTimeMs: _start, ...others } = asked;
  checkAnswer(startTime === 'NOW' ? others : asked, created);
}
