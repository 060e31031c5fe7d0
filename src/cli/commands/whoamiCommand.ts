import type { Command } from 'commander';
import { printable } from '../../planning/text/printable.js';
import { spanText } from '../../planning/timeText.js';
import { printsJson } from '../globalOptions.js';
import { print, printJson } from '../output/print.js';
import { withClient } from '../withMicrogrid.js';

/** Adds `whoami`, which prints the rights of the key. */
export function whoamiCommand(program: Command): void {
  program
    .command('whoami')
    .summary('print what the key may do')
    .description(
      'Print the name of the key, what it may do in which microgrids, and how far the clock of the service is from that of this machine.',
    )
    .addHelpText(
      'after',
      `
Examples:
  $ dispatch whoami
  $ dispatch whoami --profile plant --json`,
    )
    .action(whoami);
}

async function whoami(_: object, command: Command): Promise<void> {
  const { rights, offsetMs } = await withClient(command, async client => {
    const askedMs = Date.now();
    const answered = await client.whoami();
    return { rights: answered, offsetMs: Math.round(answered.serverTime.getTime() - (askedMs + Date.now()) / 2) };
  });
  const { keyName, microgrids, mayWrite, mayReadAudit } = rights;
  if (printsJson(command)) return printJson({ ...rights, clockOffsetMs: offsetMs });
  const verbs = ['read', ...(mayWrite ? ['change'] : []), ...(mayReadAudit ? ['audit'] : [])];
  print(printable(keyName ?? 'anybody: the service needs no keys'));
  print(`may ${verbs.join(', ')} ${microgrids === 'all' ? 'all microgrids' : `microgrids ${microgrids.join(', ')}`}`);
  print(`the clock of the service is ${spanText(Math.abs(offsetMs))} ${offsetMs < 0 ? 'behind' : 'ahead'}`);
}
