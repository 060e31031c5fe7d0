import type { Command } from 'commander';

import type { AuditFilter } from '../../client/audit.js';
import { printsJson } from '../globalOptions.js';
import { addLogOptions, type LogOptions, readLogSpan } from '../input/logOptions.js';
import { parseId, parseIds, parseNonEmpty, repeated } from '../input/parseValue.js';
import { auditJson, auditLine } from '../output/auditText.js';
import { countText } from '../output/countText.js';
import { drained, print, printJson } from '../output/print.js';
import { printText } from '../output/printText.js';
import { endProgress } from '../output/progress.js';
import { untilInterrupted } from '../untilInterrupted.js';
import { withMicrogrid } from '../withMicrogrid.js';

interface AuditOptions extends LogOptions {
  readonly dispatchIds?: readonly number[];
  readonly key?: readonly string[];
}

/** Adds `audit`, which prints who changed what. */
export function auditCommand(program: Command): void {
  const command = program
    .command('audit')
    .summary('print who changed what')
    .description(
      'Print who changed which dispatch, from what to what, and why, newest first. The key must have "audit": true.',
    )
    .argument('<microgrid-id>', 'id of the microgrid', parseId)
    .optionsGroup('Filters:')
    .option('--dispatch-ids <ids>', 'ids or ranges: 1,2 or 1-3; may be repeated', parseIds)
    .option('--key <name>', 'changes made with the key of this name; may be repeated', repeated(parseNonEmpty));
  addLogOptions(command, {
    one: 'change',
    several: 'changes',
    from: 'changes at or after, such as yesterday or 2026-04-01T14:00',
    to: 'changes before, such as today',
    written: 'made',
  })
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
    let isCut = false;
    for await (const entry of entries) {
      isCut = printed === limit;
      if (isCut) break;
      if (json) printJson(auditJson(entry));
      else printText(auditLine(entry));
      printed += 1;
      if (follow && printed === limit) break;
      await drained();
    }
    if (!json && !follow) print(`${isCut ? 'The first ' : ''}${countText(printed, 'change')}.`);
  }).catch(error => {
    if (error !== interrupted.reason) throw error;
  });
}

async function readFilter({ dispatchIds, key, ...span }: AuditOptions): Promise<AuditFilter> {
  return { ids: dispatchIds, keyNames: key, ...(await readLogSpan(span)) };
}
