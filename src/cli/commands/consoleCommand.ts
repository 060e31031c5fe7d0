import type { Command } from 'commander';

import { DispatchError } from '../../model/dispatchError.js';
import { showConsole } from '../console/showConsole.js';
import { printsJson, readServiceAccess } from '../globalOptions.js';
import { parseIds, parseNonEmpty } from '../input/parseValue.js';
import { aborted, untilInterrupted } from '../untilInterrupted.js';
import { withClient } from '../withMicrogrid.js';

interface ConsoleCommandOptions {
  readonly microgrid?: readonly number[];
  readonly listen: string;
  readonly store?: string;
  readonly open: boolean;
}

/** Adds `console`, which serves the web console on this machine. */
export function consoleCommand(program: Command): void {
  program
    .command('console')
    .summary('look at dispatches in the browser, and change them')
    .description(
      'Serve the web console on this machine until SIGINT or SIGTERM, and open it in the browser: a timeline of past, present and future runs, ' +
        'the states of dispatches and dispatcher, forms to create and change dispatches. Its calls are passed on to the service and signed here: ' +
        'key and secret never enter the browser.\n\n' +
        'The link that it prints opens the console once. When it was used, a new one is printed, for another tab. ' +
        'Without a display, or with --no-open, open the link yourself.',
    )
    .option(
      '--microgrid <ids>',
      'microgrids to open at once: 1,2 or 1-3; may be repeated (default: those of the key)',
      parseIds,
    )
    .option('--listen <host:port>', 'loopback address to listen on; port 0 takes a free port', '127.0.0.1:0')
    .option(
      '--store <file>',
      'file of "follow --store": show what that dispatcher announced in the past',
      parseNonEmpty,
    )
    .option('--no-open', 'do not open the browser')
    .addHelpText(
      'after',
      `
Nothing is fetched from elsewhere: the console works without internet. Over SSH, forward its port: ssh -L 8080:127.0.0.1:8080.

Examples:
  $ dispatch console
  $ dispatch console --microgrid 1 --store microgrid1.db
  $ dispatch console --profile plant --listen 127.0.0.1:8080 --no-open`,
    )
    .action(openConsole);
}

async function openConsole(options: ConsoleCommandOptions, command: Command): Promise<void> {
  const { microgrid: microgrids = [], listen, store, open } = options;
  const json = printsJson(command);
  using interrupted = untilInterrupted();
  const service = await readServiceAccess(command);
  // Whether it is there, and accepts the key. One that cannot tell what a key may do is fine.
  await withClient(command, client => client.whoami({ signal: interrupted })).catch(error => {
    if (!(error instanceof DispatchError && error.code === 'UNIMPLEMENTED')) throw error;
  });
  await using _console = await showConsole({ service, listen, microgrids, store, open, json });
  await aborted(interrupted);
}
