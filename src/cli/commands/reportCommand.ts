import type { Command } from 'commander';
import { timeText } from '../../planning/timeText.js';
import type { ReportRow } from '../../store/historyReport.js';
import { givingWay } from '../giveWay.js';
import { printsJson } from '../globalOptions.js';
import { checkSpan } from '../input/checkSpan.js';
import { parseTime } from '../input/parseTime.js';
import { parseId, parseNonEmpty } from '../input/parseValue.js';
import { UsageError } from '../input/usageError.js';
import { drained, note, print, printJson, terminalWidth } from '../output/print.js';
import { printText } from '../output/printText.js';
import { reportColumns } from '../output/reportColumns.js';
import { rowPrinter } from '../output/rowPrinter.js';
import { storeFailure } from '../storeFailure.js';

interface ReportOptions {
  readonly store: string;
  readonly type?: string;
  readonly from: string;
  readonly to: string;
}

/** Adds `report`, which compares what was planned with what was delivered. */
export function reportCommand(program: Command): void {
  program
    .command('report')
    .summary('compare planned with delivered hours')
    .description(
      'Print per type and component how long runs were planned and delivered, how many were missed, and how late the others started. ' +
        'It reads the file of "follow --store", also while follow uses it.',
    )
    .argument('[microgrid-id]', 'id of the microgrid, if the file holds several', parseId)
    .requiredOption('--store <file>', 'file of the dispatcher', parseNonEmpty)
    .option('-T, --type <type>', 'exactly this type', parseNonEmpty)
    .option('--from <time>', 'start of the report', '30 days ago')
    .option('--to <time>', 'end of the report, not later than now', 'now')
    .addHelpText(
      'after',
      `
A run is delivered from the announcement of its start to that of its stop; one that an update or a deletion ended is delivered less long
than planned. A dispatch for several components counts for each of them. "late" is the delay of the starts that the schedule caused.
With --json spans are in milliseconds.

Examples:
  $ dispatch report --store microgrid1.db
  $ dispatch report --store microgrid1.db --from 2026-03-01 --to 2026-04-01 --type CHARGE
  $ dispatch report --store microgrid1.db --from yesterday --json`,
    )
    .action(report);
}

async function report(
  microgridId: number | undefined,
  { store, type, from, to }: ReportOptions,
  command: Command,
): Promise<void> {
  const nowMs = Date.now();
  const at = { nowMs, ahead: false };
  const fromMs = (await parseTime(from, { of: '--from', ...at })).getTime();
  const toMs = (await parseTime(to, { of: '--to', ...at })).getTime();
  if (toMs > nowMs) throw new UsageError('--to must not be later than now.');
  const isDefault = command.getOptionValueSource('to') === 'default';
  checkSpan({ from: new Date(fromMs), to: new Date(toMs) }, undefined, isDefault ? to : undefined);
  const { readHistory } = await import('../../store/readHistory.js');
  const { reportHistory } = await import('../../store/historyReport.js');
  const types = type === undefined ? undefined : [type];
  const entries = readHistory(store, { microgridId, types, to: new Date(toMs), oldestFirst: true });
  const rows = await reportHistory(givingWay(entries), { fromMs, toMs }).catch(error => {
    throw storeFailure(error);
  });
  if (printsJson(command)) {
    for (const row of rows) {
      printJson(row);
      await drained();
    }
    return;
  }
  const severalMicrogrids = new Set(rows.map(row => row.microgridId)).size > 1;
  const table = rowPrinter<ReportRow>(reportColumns({ severalMicrogrids }), {
    width: terminalWidth(),
    print,
    onLeftOut: names => note(`The terminal is too narrow for ${names.join(', ')}.`),
  });
  for (const row of rows) table.print(row);
  table.end();
  const span = `from ${timeText(new Date(fromMs))} to ${timeText(new Date(toMs))}`;
  printText(rows.length === 0 ? `No runs ${span}.` : `Planned and delivered ${span}.`);
}
