#!/usr/bin/env node
import { createRequire } from 'node:module';
import { Command, CommanderError } from 'commander';

import { createCommand } from './commands/createCommand.js';
import { deleteCommand } from './commands/deleteCommand.js';
import { demoCommand } from './commands/demoCommand.js';
import { followCommand } from './commands/followCommand.js';
import { getCommand } from './commands/getCommand.js';
import { healthCommand } from './commands/healthCommand.js';
import { listCommand } from './commands/listCommand.js';
import { serveCommand } from './commands/serveCommand.js';
import { updateCommand } from './commands/updateCommand.js';
import { watchCommand } from './commands/watchCommand.js';
import { addGlobalOptions, type GlobalOptions } from './globalOptions.js';
import { UsageError } from './input/usageError.js';
import { errorLines } from './output/errorText.js';
import { note } from './output/print.js';

const COMMANDS = [
  demoCommand,
  serveCommand,
  healthCommand,
  createCommand,
  listCommand,
  getCommand,
  updateCommand,
  deleteCommand,
  watchCommand,
  followCommand,
];

// gRPC tells on stderr what its errors tell already.
process.env.GRPC_VERBOSITY ??= 'NONE';

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // Whoever read has seen enough, as with `dispatch list 1 | head -1`.
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

const program = dispatchProgram();
try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error, program.opts<Pick<GlobalOptions, 'json'>>().json === true);
}

function dispatchProgram(): Command {
  const program = new Command('dispatch')
    .description('Plan work for the batteries, inverters and chargers of a microgrid, and follow it as it runs.')
    .version(version())
    .exitOverride()
    .configureHelp({ showGlobalOptions: true, subcommandTerm: command => command.name() })
    .configureOutput({ outputError: text => note(withoutValue(text)) });
  addGlobalOptions(program).addHelpText(
    'after',
    `
Exit codes: 0 done, 1 the operation failed, 2 the command line is wrong.

Examples:
  $ dispatch demo                                   see the whole system at work
  $ dispatch serve                                  run a service on this machine
  $ dispatch create 1 CHARGE BATTERY now 30m        plan work for microgrid 1
  $ dispatch follow 1 --exec ./control-battery.sh   act on it as it runs`,
  );
  for (const add of COMMANDS) add(program);
  return program;
}

/** Tells what went wrong; returns the exit code. */
function report(error: unknown, json: boolean): number {
  // Commander has told it already; help and version come this way with 0.
  if (error instanceof CommanderError && !(error instanceof UsageError)) return error.exitCode === 0 ? 0 : 2;
  const [message, ...more] = errorLines(error, json);
  note(`error: ${message}`);
  for (const line of more) note(line);
  return error instanceof UsageError ? 2 : 1;
}

/** Commander repeats an option that it does not know as it was typed, and a misspelt --auth-key=… would tell the key. */
function withoutValue(text: string): string {
  return text.replace(/(unknown option '[^'=]*)=[^']*/, '$1');
}

function version(): string {
  const { version } = createRequire(import.meta.url)('xstate-dispatch/package.json') as { version: string };
  return version;
}
