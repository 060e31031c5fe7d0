import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import type { Command } from 'commander';
import type { MicrogridClient } from '../../client/microgridClient.js';
import type { DispatchRecord } from '../../model/dispatchRecord.js';
import type { Selector } from '../../model/selector.js';
import { planNotes } from '../../planning/planNotes.js';
import { plannedDispatch } from '../../planning/planned.js';
import { printable } from '../../planning/text/printable.js';
import { CallError } from '../callError.js';
import { type Creation, createAll } from '../exchange/createAll.js';
import type { ExchangeEntry } from '../exchange/exchangeEntry.js';
import { type ImportStep, importPlan } from '../exchange/importPlan.js';
import { isCalendar, readCalendar } from '../exchange/readCalendar.js';
import { readJsonLines } from '../exchange/readJsonLines.js';
import { tellIncomplete } from '../exchange/tellIncomplete.js';
import { printsJson } from '../globalOptions.js';
import { NOTE_OPTION } from '../input/noteOption.js';
import { parseTarget } from '../input/parseTarget.js';
import { parseId } from '../input/parseValue.js';
import { stdin } from '../input/stdin.js';
import { OperationFailed } from '../operationFailed.js';
import { pc } from '../output/colours.js';
import { planLine } from '../output/dispatchText.js';
import { idRanges } from '../output/idRanges.js';
import { notesFor } from '../output/notesFor.js';
import { note, print, printJson } from '../output/print.js';
import { rehearseCreation } from '../rehearse.js';
import { untilInterrupted } from '../untilInterrupted.js';
import { withMicrogrid } from '../withMicrogrid.js';

interface ImportOptions {
  readonly target?: Selector;
  readonly skipRefused?: true;
  readonly dry?: true;
  readonly note?: string;
}

/** Adds `import`, which creates the dispatches of a file. */
export function importCommand(program: Command): void {
  program
    .command('import')
    .summary('create the dispatches of a file')
    .description(
      'Create the dispatches of a file that export has written, or the events of a calendar (iCalendar; SUMMARY is ' +
        'the type). It first prints what it will do with each, and refuses what a service would refuse. What is already there is not created again: a dispatch of the same type, ' +
        'target, payload, duration and dry run with the same runs from now on. A rule that began in the past begins with its next ' +
        'run. When one cannot be created, those created before are deleted again, as long as the service answers; with --json a line {"created":…} is then followed by {"undone":…}.',
    )
    .argument('<microgrid-id>', 'id of the microgrid', parseId)
    .argument('<file>', 'lines of JSON or a calendar; - is stdin')
    .option('-t, --target <target>', 'target of events without X-DISPATCH-TARGET, as for create', parseTarget)
    .option('--skip-refused', 'import the others when some cannot be imported')
    .option(...NOTE_OPTION)
    .option('--dry', 'show what would be done, and do nothing')
    .addHelpText(
      'after',
      `
Examples:
  $ dispatch import 1 plan.jsonl --dry
  $ dispatch import 1 plan.jsonl --note 'plan of week 14'
  $ dispatch import 2 maintenance.ics --target INVERTER --skip-refused
  $ dispatch export 1 --active true | dispatch import 2 -`,
    )
    .action(importDispatches);
}

async function importDispatches(
  microgridId: number,
  file: string,
  options: ImportOptions,
  command: Command,
): Promise<void> {
  const entries = await readEntries(file, options.target);
  if (entries.length === 0) throw new OperationFailed('INVALID_ARGUMENT', `There is nothing to import in ${file}.`);
  using signal = untilInterrupted();
  await withMicrogrid(command, microgridId, async client => {
    const existing = await unfinished(client);
    const nowMs = Date.now();
    const steps = tellIncomplete(await checked(microgridId, importPlan(entries, existing, nowMs), nowMs), nowMs);
    const json = printsJson(command);
    for (const step of steps) printStep(microgridId, step, json);
    const refused = steps.filter(({ step }) => step === 'refuse').length;
    if (!json) print(summary(steps));
    if (refused > 0 && !options.skipRefused) {
      throw new OperationFailed(
        'INVALID_ARGUMENT',
        `${refused} of ${steps.length} cannot be imported, so nothing was; --skip-refused imports the others.`,
      );
    }
    if (options.dry) return;
    const created: number[] = [];
    await createAll(
      client,
      steps.filter(step => step.step === 'create'),
      {
        known: new Set(existing.map(({ id }) => id)),
        note: options.note,
        signal,
        onCreated: (id, source) => {
          created.push(id);
          if (json) printJson({ created: id, source });
        },
        onUndone: id => {
          if (json) printJson({ undone: id });
        },
        say: notesFor(command),
      },
    );
    if (!json) print(created.length === 0 ? 'Nothing was created.' : `Dispatches created: ${idRanges(created)}`);
  });
}

async function readEntries(file: string, selector: Selector | undefined): Promise<ExchangeEntry[]> {
  const content = await readText(file);
  if (isCalendar(content)) return readCalendar(content, { selector });
  if (selector !== undefined && content.trim() !== '') {
    throw new OperationFailed(
      'INVALID_ARGUMENT',
      `${file} is not a calendar, and --target is for the events of one: lines of JSON have a selector each.`,
    );
  }
  return readJsonLines(content);
}

async function readText(file: string): Promise<string> {
  if (file === '-') return text(stdin());
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw OperationFailed.ofFile('The file cannot be read', error);
  }
}

/** The dispatches of a microgrid that can still run. */
async function unfinished(client: MicrogridClient): Promise<DispatchRecord[]> {
  const found: DispatchRecord[] = [];
  for await (const { dispatches, problems } of client.listPages({ endFrom: new Date() })) {
    found.push(...dispatches);
    for (const { message } of problems) note(`problem: ${message}; whether the file has it is not known`);
  }
  return found;
}

/** Refuses what a service would refuse, before anything is created. */
async function checked(microgridId: number, steps: readonly ImportStep[], nowMs: number): Promise<ImportStep[]> {
  const judged: ImportStep[] = [];
  for (const step of steps)
    judged.push(step.step === 'create' ? await checkedCreation(microgridId, step, nowMs) : step);
  return judged;
}

async function checkedCreation(microgridId: number, step: Creation, nowMs: number): Promise<ImportStep> {
  const { startTimeMs, ...dispatch } = step.plan;
  try {
    await rehearseCreation(microgridId, { ...dispatch, startTime: new Date(startTimeMs) }, nowMs);
    return step;
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    return { source: step.source, step: 'refuse', message: error.message };
  }
}

function printStep(microgridId: number, step: ImportStep, json: boolean): void {
  if (json) {
    printJson(
      step.step === 'create'
        ? { ...step, plan: plannedDispatch(microgridId, step.plan), notes: [...step.notes, ...planNotes(step.plan)] }
        : step,
    );
    return;
  }
  const colour = { create: pc.green, present: pc.dim, over: pc.dim, refuse: pc.red }[step.step];
  const source = printable(step.source);
  print(`${colour(step.step.padEnd(7))}  ${source}: ${stepText(microgridId, step)}`);
  if (step.step !== 'create') return;
  for (const text of [...step.notes, ...planNotes(step.plan)]) note(`note: ${source}: ${text}`);
}

function stepText(microgridId: number, step: ImportStep): string {
  switch (step.step) {
    case 'create':
      return planLine(plannedDispatch(microgridId, step.plan));
    case 'present':
      return [`dispatch ${step.id}`, ...step.notes].join('; ');
    case 'over':
      return 'its runs are over';
    case 'refuse':
      return printable(step.message);
  }
}

function summary(steps: readonly ImportStep[]): string {
  const count = (name: ImportStep['step']) => steps.filter(({ step }) => step === name).length;
  return `${count('create')} to create, ${count('present')} present, ${count('over')} over, ${count('refuse')} refused.`;
}
