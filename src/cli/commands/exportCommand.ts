import type { Command } from 'commander';

import { Dispatch } from '../../dispatch.js';
import { groupOf, type PendingStep } from '../../planning/groups/group.js';
import { stepNote } from '../../planning/groups/groupWords.js';
import { isOver, readGroups } from '../../planning/groups/liveGroup.js';
import { type CalendarWriter, calendarWriter } from '../exchange/writeCalendar.js';
import { printsJson } from '../globalOptions.js';
import { addListFilters, isFilter, type ListFilters, passesFilters, readListFilters } from '../input/listFilters.js';
import { parseId, parseName } from '../input/parseValue.js';
import { UsageError } from '../input/usageError.js';
import { OperationFailed } from '../operationFailed.js';
import { notesFor } from '../output/notesFor.js';
import { drained, note, printJson } from '../output/print.js';
import { withMicrogrid } from '../withMicrogrid.js';

const FORMATS = ['json', 'ical'] as const;

interface ExportOptions extends ListFilters {
  readonly format: (typeof FORMATS)[number];
}

/** Adds `export`, which prints dispatches for `import` or a calendar. */
export function exportCommand(program: Command): void {
  const command = program
    .command('export')
    .summary('print dispatches as a file for import or a calendar')
    .description(
      'Print the dispatches of a microgrid that pass all filters, oldest first, as lines of JSON, which keep everything, or as a ' +
        'calendar (iCalendar, RFC 5545). A group of which some dispatches pass is printed whole, after the others. What a calendar cannot express is named on stderr, and the exit code is then 1.',
    )
    .argument('<microgrid-id>', 'id of the microgrid', parseId);
  addListFilters(command)
    .optionsGroup('Output:')
    .option('--format <name>', 'json or ical', parseName(FORMATS), 'json')
    .addHelpText(
      'after',
      `
Examples:
  $ dispatch export 1 > plan.jsonl
  $ dispatch export 1 --type CHARGE --end-from now --format ical > charge.ics`,
    )
    .action(exportDispatches);
}

async function exportDispatches(microgridId: number, options: ExportOptions, command: Command): Promise<void> {
  if (options.format === 'ical' && printsJson(command))
    throw new UsageError('--format ical and --json exclude each other.');
  const writer = options.format === 'ical' ? await calendarWriter() : null;
  const request = { ...(await readListFilters(options)), sort: { field: 'createTime' } } as const;
  let failed = 0;
  const tell = (problem: string) => {
    note(`problem: ${problem}`);
    failed += 1;
  };
  const steps = new Map<string, PendingStep>();
  const put = async (dispatch: Dispatch) => {
    const { group, step } = groupOf(dispatch.payload) ?? {};
    if (group !== undefined && step) steps.set(group.id, step);
    if (writer === null) printJson(dispatch);
    else await writeEvent(writer, dispatch, tell);
  };
  /** The dispatches of groups that pass filters, by the id of their group. */
  const passed = new Map<string, Set<number>>();
  const isFiltered = isFilter(options);
  write(writer?.begin);
  await withMicrogrid(command, microgridId, async client => {
    for await (const { dispatches, problems } of client.listPages(request)) {
      for (const record of dispatches) {
        const dispatch = new Dispatch(record);
        if (!passesFilters(dispatch, options)) continue;
        const groupId = groupOf(record.payload)?.group.id;
        if (groupId === undefined || !isFiltered) await put(dispatch);
        else passed.set(groupId, (passed.get(groupId) ?? new Set()).add(record.id));
      }
      for (const { message } of problems) tell(message);
      await drained();
    }
    if (passed.size === 0) return;
    const nowMs = Date.now();
    for (const { group, records } of await readGroups(client, nowMs, id => passed.has(id))) {
      const own = passed.get(group.id);
      // Without what is over, its group is whole all the same.
      const exported = records.filter(record => own?.has(record.id) || !isOver(record, nowMs));
      for (const record of exported) await put(new Dispatch(record));
      const added = exported.flatMap(({ id }) => (own?.has(id) ? [] : [id]));
      if (added.length > 0) notesFor(command)([wholeText(group.id, added)]);
    }
  });
  write(writer?.end);
  notesFor(command)([...steps].map(([id, step]) => stepNote(id, step)));
  if (failed > 0)
    throw new OperationFailed(
      writer === null ? 'UNDECODABLE' : 'UNIMPLEMENTED',
      `${failed} dispatches were not exported.`,
    );
}

function wholeText(groupId: string, added: readonly number[]): string {
  return `Group ${groupId} is exported whole, with dispatches that do not pass the filters: ${added.join(', ')}.`;
}

async function writeEvent(writer: CalendarWriter, dispatch: Dispatch, tell: (problem: string) => void): Promise<void> {
  try {
    write(await writer.event(dispatch));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    tell(`dispatch ${dispatch.id} cannot be an event: ${error.message}`);
  }
}

function write(text = ''): void {
  process.stdout.write(text);
}
