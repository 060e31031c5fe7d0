import { type Command, Option } from 'commander';

import type { AuditFilter } from '../../client/audit.js';
import { printsJson } from '../globalOptions.js';
import { parseTime } from '../input/parseTime.js';
import { parseCount, parseId, parseIds, repeated } from '../input/parseValue.js';
import { auditJson, auditLine } from '../output/auditText.js';
import { drained, print, printJson } from '../output/print.js';
import { endProgress } from '../output/progress.js';
import { untilInterrupted } from '../untilInterrupted.js';
import { withMicrogrid } from '../withMicrogrid.js';

interface AuditOptions {
  readonly dispatchIds?: readonly number[];
  readonly key?: readonly string[];
  readonly from?: string;
  readonly to?: string;
  readonly oldestFirst?: true;
  readonly limit?: number;
  readonly follow?: true;
}

/** Adds `audit`, which prints who changed what. */
export function auditCommand(program: Command): void {
  program
    .command('audit')
    .summary('print who changed what')
    .description(
      'Print who changed which dispatch, from what to what, and why, newest first. The key must have "audit": true.',
    )
    .argument('<microgrid-id>', 'id of the microgrid', parseId)
    .optionsGroup('Filters:')
    .option('--dispatch-ids <ids>', 'ids or ranges: 1,2 or 1-3; may be repeated', parseIds)
    .option('--key <name>', 'changes made with the key of this name; may be repeated', repeated(String))
    .option('--from <time>', 'changes at or after, such as yesterday or 2026-04-01T14:00')
    .option('--to <time>', 'changes before')
    .optionsGroup('Order and output:')
    .option('--oldest-first', 'print the oldest change first')
    .option('--limit <n>', 'maximum number of changes to print', parseCount)
    .addOption(
      new Option('-f, --follow', 'print changes as they are made, until SIGINT or SIGTERM').conflicts([
        'from',
        'to',
        'oldestFirst',
      ]),
    )
    .addHelpText(
      'after',
      `
Examples:
  $ dispatch audit 1 --limit 20
  $ dispatch audit 1 --dispatch-ids 42 --oldest-first
  $ dispatch audit 1 --key partner-a --from yesterday --json
  $ dispatch audit 1 --follow`,
    )
    .action(audit);
}

async function audit(microgridId: number, options: AuditOptions, command: Command): Promise<void> {
  const { oldestFirst, limit = Number.POSITIVE_INFINITY, follow } = options;
  const json = printsJson(command);
  const filter = await readFilter(options);
  using interrupted = untilInterrupted();
  await withMicrogrid(command, microgridId, async client => {
    if (follow) endProgress();
    const entries = follow
      ? client.followAudit({ ...filter, signal: interrupted })
      : client.audit({ ...filter, oldestFirst, signal: interrupted });
    let printed = 0;
    for await (const entry of entries) {
      if (json) printJson(auditJson(entry));
      else print(auditLine(entry));
      printed += 1;
      if (printed === limit) break;
      await drained();
    }
    if (!json && !follow) print(`${printed} changes.`);
  }).catch(error => {
    if (error !== interrupted.reason) throw error;
  });
}

async function readFilter({ dispatchIds, key, from, to }: AuditOptions): Promise<AuditFilter> {
  const at = { nowMs: Date.now(), ahead: false };
  return {
    ids: dispatchIds,
    keyNames: key,
    from: from === undefined ? undefined : await parseTime(from, at),
    to: to === undefined ? undefined : await parseTime(to, at),
  };
}
