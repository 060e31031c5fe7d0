import type { Command } from 'commander';

import type { MicrogridClient } from '../../client/microgridClient.js';
import type { Dispatch } from '../../dispatch.js';
import { DispatchError } from '../../model/dispatchError.js';
import { changeGroup } from '../../planning/groups/changeGroup.js';
import { repairNotes } from '../../planning/groups/groupChangeText.js';
import { findTargets, type TargetId, targetText } from '../../planning/groups/targets.js';
import { forEachId } from '../forEachId.js';
import { printsJson } from '../globalOptions.js';
import { DRY_OPTION } from '../input/dryOption.js';
import { NOTE_OPTION } from '../input/noteOption.js';
import { parseTargetIds, TARGET_IDS } from '../input/parseTargetIds.js';
import { parseId, parseNonEmpty } from '../input/parseValue.js';
import { UsageError } from '../input/usageError.js';
import { OperationFailed } from '../operationFailed.js';
import { notesFor } from '../output/notesFor.js';
import { print, printJson } from '../output/print.js';
import { withMicrogrid } from '../withMicrogrid.js';

interface PauseOptions {
  readonly type?: string;
  readonly note?: string;
  readonly dry?: true;
}

/** How the note of a pause begins, by which `resume --type` knows it. */
const PAUSED = 'pause';

/** Adds `pause`, which makes dispatches inactive. */
export function pauseCommand(program: Command): void {
  addCommand(program, false, {
    summary: 'make dispatches inactive',
    description:
      'Make dispatches inactive, so that they do not run until they are resumed. Running ones are stopped. With --type all active ' +
      'ones that have not ended.',
    ofType: 'all active dispatches of this type',
    examples: ["pause 1 42 --note 'inverter 5 is being repaired'", 'pause 1 --type CHARGE --dry'],
  });
}

/** Adds `resume`, which makes paused dispatches active again. */
export function resumeCommand(program: Command): void {
  addCommand(program, true, {
    summary: 'make paused dispatches active again',
    description:
      'Make dispatches active again; those whose run is on start at once. With --type those whose last change was a pause, as the audit of the service tells; a ' +
      'dispatch that was changed since its pause, or was made inactive in another way, stays so.',
    ofType: 'all dispatches of this type whose last change was a pause',
    examples: ['resume 1 42', 'resume 1 --type CHARGE --dry'],
  });
}

interface CommandTexts {
  readonly summary: string;
  readonly description: string;
  /** What --type means. */
  readonly ofType: string;
  readonly examples: readonly string[];
}

function addCommand(program: Command, active: boolean, { summary, description, ofType, examples }: CommandTexts): void {
  program
    .command(active ? 'resume' : 'pause')
    .summary(summary)
    .description(description)
    .argument('<microgrid-id>', 'id of the microgrid', parseId)
    .argument('[dispatch-ids...]', TARGET_IDS, parseTargetIds)
    .option('-T, --type <type>', ofType, parseNonEmpty)
    .option(...NOTE_OPTION)
    .option(...DRY_OPTION)
    .addHelpText('after', `\nExamples:\n${examples.map(line => `  $ dispatch ${line}`).join('\n')}`)
    .action((microgridId, ids, options, command) => setActive(active, microgridId, ids, options, command));
}

async function setActive(
  active: boolean,
  microgridId: number,
  given: readonly TargetId[] | undefined,
  { type, note, dry }: PauseOptions,
  command: Command,
): Promise<void> {
  const ids = given ?? [];
  if (ids.length > 0 === (type !== undefined)) throw new UsageError('Give either dispatch ids or --type.');
  const json = printsJson(command);
  const [verb, done] = active ? ['resume', 'resumed'] : ['pause', 'paused'];
  const text = active ? ['resume', note] : [PAUSED, note];
  const changed: string[] = [];
  const already: string[] = [];
  try {
    await withMicrogrid(command, microgridId, async client => {
      const all = type === undefined ? ids : await idsOfType(client, type, active);
      const targets = await findTargets(client, all, { say: notesFor(command), readOnly: dry });
      const change = async (id: TargetId) => {
        const live = targets.groupOf(id);
        const [options, nowMs] = [{ note: text.filter(Boolean).join(': ') }, Date.now()];
        if (live !== null) notesFor(command)(repairNotes(live, nowMs));
        // Of an id that does not exist it tells so.
        const before = live?.records ?? [await client.get(Number(id))];
        if (!dry && live === null) await client.update(Number(id), { active }, options);
        if (!dry && live !== null) await changeGroup(client, live, { common: { active } }, { ...options, nowMs });
        (before.every(part => part.active === active) ? already : changed).push(targetText(id, live));
        if (json) printJson({ [done]: id, ...(dry && { dry }) });
      };
      await forEachId(targets.ids, { verb, noun: active ? 'resumptions' : 'pauses', json }, change);
    });
    if (!json && changed.length + already.length === 0) print(`Nothing was ${done}.`);
  } finally {
    // Also when the service fails midway: these are changed.
    if (!json && changed.length > 0) print(`Dispatches ${dry ? 'that would be ' : ''}${done}: ${changed.join(', ')}`);
    if (!json && already.length > 0) print(`${active ? 'Active' : 'Inactive'} before: ${already.join(', ')}`);
  }
}

async function idsOfType(client: MicrogridClient, type: string, active: boolean): Promise<number[]> {
  const found: Dispatch[] = [];
  const unfinished = active ? {} : { endFrom: new Date() };
  for await (const dispatch of client.list({ active: !active, queries: [type], ...unfinished })) {
    if (dispatch.type === type) found.push(dispatch);
  }
  const ids = found.map(({ id }) => id);
  return active ? pausedOf(client, type, ids) : ids;
}

/** Those of the inactive dispatches that were paused last. */
async function pausedOf(client: MicrogridClient, type: string, ids: readonly number[]): Promise<number[]> {
  const paused: number[] = [];
  for (const id of ids) {
    try {
      for await (const { note, before, after } of client.audit({ ids: [id], pageSize: 1 })) {
        const isPause = note === PAUSED || note?.startsWith(`${PAUSED}: `);
        if (isPause && before?.active && !after?.active) paused.push(id);
        break;
      }
    } catch (error) {
      const isMissing = error instanceof DispatchError && ['UNIMPLEMENTED', 'PERMISSION_DENIED'].includes(error.code);
      if (!isMissing) throw error;
      throw new OperationFailed(
        error.code,
        `Which dispatches were paused cannot be told without the audit (${error.message}). Inactive ones of type ${type}: ` +
          `${ids.join(', ')}. Give the ids of those to resume.`,
      );
    }
  }
  return paused;
}
