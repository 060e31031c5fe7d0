import { type Command, Option } from 'commander';

import { checkSpan } from './checkSpan.js';
import { parseTime } from './parseTime.js';
import { parseCount } from './parseValue.js';

/** Options of a command that prints what was written down, newest first. */
export interface LogOptions {
  readonly from?: string;
  readonly to?: string;
  readonly oldestFirst?: true;
  readonly limit?: number;
  readonly follow?: true;
}

/**
 * Adds options that say which entries are printed: from when to when, in which order, how many, and whether as they are written.
 *
 * @param what Name of an entry, and of several; and what the times are about.
 */
export function addLogOptions(
  command: Command,
  { one, several, from, to, written }: Readonly<Record<'one' | 'several' | 'from' | 'to' | 'written', string>>,
): Command {
  const follow = new Option(
    '-f, --follow',
    `print ${several} as they are ${written}, until SIGINT or SIGTERM, or the next one after stdout was closed`,
  );
  return command
    .option('--from <time>', from)
    .option('--to <time>', to)
    .optionsGroup('Order and output:')
    .option('--oldest-first', `print the oldest ${one} first`)
    .option('--limit <n>', `maximum number of ${several} to print; with -f the command ends after so many`, parseCount)
    .addOption(follow.conflicts(['from', 'to', 'oldestFirst']));
}

/** Reads the times of {@link addLogOptions}. */
export async function readLogSpan({ from, to }: LogOptions): Promise<{ from?: Date; to?: Date }> {
  const at = { nowMs: Date.now(), ahead: false };
  const span = {
    from: from === undefined ? from : await parseTime(from, { of: '--from', ...at }),
    to: to === undefined ? to : await parseTime(to, { of: '--to', ...at }),
  };
  checkSpan(span);
  return { ...(span.from && { from: span.from }), ...(span.to && { to: span.to }) };
}
