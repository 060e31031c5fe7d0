import type { Command } from 'commander';

import type { MicrogridClient } from '../../client/microgridClient.js';
import { COPY_OF, copyNow } from '../../planning/groups/copyNow.js';
import { groupOf } from '../../planning/groups/group.js';
import type { LiveGroup } from '../../planning/groups/liveGroup.js';
import { singleRun } from '../../planning/groups/singleRun.js';
import { findTargets, type TargetId } from '../../planning/groups/targets.js';
import { parseDuration } from '../../planning/text/parseDuration.js';
import { NOTE_OPTION } from '../input/noteOption.js';
import { parseTargetId } from '../input/parseTargetIds.js';
import { parseId } from '../input/parseValue.js';
import { UsageError } from '../input/usageError.js';
import { addZoneOptions, type ZoneOptions } from '../input/zoneOptions.js';
import { notesFor } from '../output/notesFor.js';
import { printDone } from '../output/printDone.js';
import { printResult } from '../output/printResult.js';
import { withMicrogrid } from '../withMicrogrid.js';

interface RunNowOptions extends ZoneOptions {
  readonly duration?: number;
  readonly note?: string;
}

/** Adds `run-now`, which runs a copy of a dispatch at once. */
export function runNowCommand(program: Command): void {
  const command = program
    .command('run-now')
    .summary('run a copy of a dispatch once, now')
    .description(
      'Create a copy of a dispatch, or of a run of a group, that starts now and runs once. The dispatch or group itself stays as it is. The ' +
        `payload of the copy names it as ${COPY_OF}.`,
    )
    .argument('<microgrid-id>', 'id of the microgrid', parseId)
    .argument('<dispatch-id>', 'id of the dispatch, or of a group', parseTargetId)
    .option('--duration <duration>', 'duration of the run, such as 10m (default: that of the dispatch)', parseDuration)
    .option(...NOTE_OPTION);
  addZoneOptions(command, {
    zone: 'zone of --to, such as Europe/Berlin (default: that of the group)',
    to: 'local time at which the run ends, such as 06:30, in place of a duration',
  })
    .addHelpText(
      'after',
      `
Examples:
  $ dispatch run-now 1 42
  $ dispatch run-now 1 42 --duration 10m --note 'test after the repair'
  $ dispatch run-now 1 g1f0c2d3e --to 18:30
  $ dispatch run-now 1 42 --to 18:30 --time-zone Europe/Berlin`,
    )
    .action(runNow);
}

async function runNow(
  microgridId: number,
  id: TargetId,
  { duration, to, timeZone, note }: RunNowOptions,
  command: Command,
): Promise<void> {
  if (to !== undefined && duration !== undefined) throw new UsageError('Give either --duration or --to.');
  if (to === undefined && timeZone !== undefined) throw new UsageError('--time-zone needs --to: it is its zone.');
  const created = await withMicrogrid(command, microgridId, async client => {
    const live = typeof id === 'string' ? await liveOf(client, id, command) : null;
    const copied = live === null ? (await client.get(Number(id))).record : { ...live.common, ...live.group };
    const zone = timeZone ?? live?.group.zone ?? groupOf(copied.payload)?.group.zone ?? null;
    if (to !== undefined && zone === null) throw new UsageError('--to needs a --time-zone: it is a local time.');
    const given = { startTimeMs: Date.now(), durationMs: duration ?? copied.durationMs, toMinute: to };
    const { durationMs, notes } = zone === null ? { ...given, notes: [] } : singleRun(zone, given);
    notesFor(command)(notes);
    return copyNow(client, copied, { copyOf: id, durationMs, note });
  });
  await printDone(
    () => printResult(command, created, `Dispatch created, a copy of ${id}.`),
    `Dispatch ${created.id} was created.`,
  );
}

async function liveOf(client: MicrogridClient, id: string, command: Command): Promise<LiveGroup | null> {
  return (await findTargets(client, [id], { say: notesFor(command) })).groupOf(id);
}
