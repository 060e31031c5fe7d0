import type { Command } from 'commander';

import { printsJson } from '../globalOptions.js';
import { finishStep } from '../groups/finishStep.js';
import { endingNote, groupRuleText } from '../groups/groupText.js';
import { type LiveGroup, readGroups } from '../groups/liveGroup.js';
import { type Change, planChanges } from '../groups/planChanges.js';
import { writeGroup } from '../groups/writeGroup.js';
import { NOTE_OPTION } from '../input/noteOption.js';
import { parseId } from '../input/parseValue.js';
import { OperationFailed } from '../operationFailed.js';
import { print, printJson } from '../output/print.js';
import { notesFor } from '../planning/planned.js';
import { withMicrogrid } from '../withMicrogrid.js';

interface CheckOptions {
  readonly note?: string;
  readonly dry?: true;
}

/** Adds `check`, which compares the dispatches of groups with what they mean, and repairs them. */
export function checkCommand(program: Command): void {
  program
    .command('check')
    .summary('check the groups of a microgrid, and repair them')
    .description(
      'Compare the dispatches of each group with its rule in local time, and change those that differ: after a change of the zone data, which ' +
        'are those of Node.js, after a command that was broken off, or after a change of a single dispatch by another program. Warn of ' +
        'groups that end within 30 days.',
    )
    .argument('<microgrid-id>', 'id of the microgrid', parseId)
    .option(...NOTE_OPTION)
    .option('--dry', 'show the differences and change nothing; the exit code is 1 when there are some')
    .addHelpText(
      'after',
      `
Examples:
  $ dispatch check 1 --dry
  $ dispatch check 1 --note 'new zone data'`,
    )
    .action(check);
}

async function check(microgridId: number, { note, dry }: CheckOptions, command: Command): Promise<void> {
  const json = printsJson(command);
  const nowMs = Date.now();
  let [different, total] = [0, 0];
  await withMicrogrid(command, microgridId, async client => {
    for (const live of await readGroups(client)) {
      const { group, step } = live;
      const changes = differences(live, nowMs);
      const isBroken = step !== null || changes.length > 0;
      total += 1;
      if (isBroken) different += 1;
      let outcome = changes.map(changeText).join(', ');
      if (step !== null) outcome = `its step '${step}' was broken off`;
      if (isBroken && !dry) {
        if (step !== null) outcome = await finishStep(client, live, nowMs);
        else await writeGroup(client, group, changes, { step: 'update', note });
      }
      if (json)
        printJson({ group: group.id, zone: group.zone, ok: !isBroken, repaired: isBroken && !dry, changes: outcome });
      else print(`${group.id} ${groupRuleText(group)}: ${isBroken ? `${dry ? '' : 'repaired: '}${outcome}` : 'ok'}`);
      const ending = endingNote(group, nowMs);
      if (ending !== null) notesFor(command)([ending]);
    }
  });
  if (!json) print(`${total} groups, ${different} ${dry ? 'differ' : 'repaired'}. Zone data: ${process.versions.tz}.`);
  if (dry && different > 0) throw new OperationFailed(`${different} groups differ from their rules.`);
}

function differences({ group, common, records }: LiveGroup, nowMs: number): Change[] {
  return planChanges(group, common, records, nowMs);
}

function changeText(change: Change): string {
  if (change.kind === 'create') return `one from ${change.dispatch.startTime.toISOString()} is missing`;
  if (change.kind === 'delete') return `${change.record.id} is too much`;
  return `${change.record.id} differs in ${Object.keys(change.changes).join(' and ')}`;
}
