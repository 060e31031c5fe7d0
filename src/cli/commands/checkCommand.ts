import type { Command } from 'commander';
import { groupChangeText } from '../../planning/groups/groupChangeText.js';
import { endingNote, groupRuleText } from '../../planning/groups/groupWords.js';
import { type LiveGroup, readGroups } from '../../planning/groups/liveGroup.js';
import { type Change, planChanges } from '../../planning/groups/planChanges.js';
import { settledGroup } from '../../planning/groups/settledGroup.js';
import { writeGroup } from '../../planning/groups/writeGroup.js';
import { printsJson } from '../globalOptions.js';
import { NOTE_OPTION } from '../input/noteOption.js';
import { parseId } from '../input/parseValue.js';
import { OperationFailed } from '../operationFailed.js';
import { countText } from '../output/countText.js';
import { notesFor } from '../output/notesFor.js';
import { print, printJson } from '../output/print.js';
import { printText } from '../output/printText.js';
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
  const counts = { ok: 0, differ: 0, repaired: 0, invalid: 0 };
  await withMicrogrid(command, microgridId, async client => {
    for (const live of await readGroups(client, nowMs)) {
      const found = findDifferences(live, nowMs);
      let { outcome, text } = found;
      if (found.changes !== null && outcome === 'differ' && !dry) {
        outcome = 'repaired';
        if (live.step !== null) await settledGroup(client, live, { say: notes => (text = notes.join(' ')) });
        else await writeGroup(client, live, { ...live, step: 'update' }, { note, nowMs });
      }
      counts[outcome] += 1;
      if (json) printJson({ group: live.group.id, zone: live.group.zone, outcome, text });
      else printText(checkText(live, outcome, text));
      // Nothing can be said in a zone that is not known.
      const ending = outcome === 'invalid' ? null : endingNote(live.group, nowMs);
      if (ending !== null) notesFor(command)([ending]);
    }
  });
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  if (!json) {
    const others = counts.invalid === 0 ? '' : `, ${counts.invalid} cannot be evaluated`;
    print(
      `${countText(total, 'group')}, ${dry ? `${counts.differ} differ` : `${counts.repaired} repaired`}${others}. Zone data: ${process.versions.tz}.`,
    );
  }
  const wrong = counts.differ + counts.invalid;
  if (wrong > 0)
    throw new OperationFailed(
      'FAILED_PRECONDITION',
      wrong === 1 ? '1 group is not what its rule means.' : `${wrong} groups are not what their rules mean.`,
    );
}

function checkText({ group }: LiveGroup, outcome: string, text: string): string {
  if (outcome === 'invalid') return `${group.id}: cannot be evaluated: ${text}`;
  return `${group.id} ${groupRuleText(group)}: ${outcome}${text === '' ? '' : `: ${text}`}`;
}

interface Differences {
  readonly outcome: 'ok' | 'differ' | 'repaired' | 'invalid';
  readonly text: string;
  readonly changes: readonly Change[] | null;
}

function findDifferences({ group, common, records, step }: LiveGroup, nowMs: number): Differences {
  try {
    const changes = planChanges(group, common, records, nowMs);
    if (step !== null) return { outcome: 'differ', text: `the step '${step}' is not done`, changes };
    return {
      outcome: changes.length > 0 ? 'differ' : 'ok',
      text: changes.map(change => groupChangeText(change)).join(', '),
      changes,
    };
  } catch (error) {
    if (error instanceof RangeError) return { outcome: 'invalid', text: error.message, changes: null };
    throw error;
  }
}
