import { createRequire } from 'node:module';
import { Command, CommanderError } from 'commander';
import { InvalidPlan } from '../planning/planError.js';
import { CallError } from './callError.js';
import { commandSignal } from './commandSignal.js';
import { atCommand } from './commands/atCommand.js';
import { auditCommand } from './commands/auditCommand.js';
import { checkCommand } from './commands/checkCommand.js';
import { completionCommand } from './commands/completionCommand.js';
import { consoleCommand } from './commands/consoleCommand.js';
import { createCommand } from './commands/createCommand.js';
import { deleteCommand } from './commands/deleteCommand.js';
import { demoCommand } from './commands/demoCommand.js';
import { exportCommand } from './commands/exportCommand.js';
import { followCommand } from './commands/followCommand.js';
import { getCommand } from './commands/getCommand.js';
import { healthCommand } from './commands/healthCommand.js';
import { historyCommand } from './commands/historyCommand.js';
import { importCommand } from './commands/importCommand.js';
import { keysCommand } from './commands/keysCommand.js';
import { listCommand } from './commands/listCommand.js';
import { overlapsCommand } from './commands/overlapsCommand.js';
import { pauseCommand, resumeCommand } from './commands/pauseCommand.js';
import { previewCommand } from './commands/previewCommand.js';
import { reportCommand } from './commands/reportCommand.js';
import { runNowCommand } from './commands/runNowCommand.js';
import { serveCommand } from './commands/serveCommand.js';
import { shellCommand } from './commands/shellCommand.js';
import { simulateCommand } from './commands/simulateCommand.js';
import { skipCommand, unskipCommand } from './commands/skipCommand.js';
import { updateCommand } from './commands/updateCommand.js';
import { watchCommand } from './commands/watchCommand.js';
import { whoamiCommand } from './commands/whoamiCommand.js';
import { ExitCode, INTERRUPTED } from './exitCode.js';
import { addGlobalOptions } from './globalOptions.js';
import { printInColours } from './output/colours.js';
import { errorJson, errorLines } from './output/errorText.js';
import { note, terminalWidth } from './output/print.js';
import { HELP_WIDTH, wrapHelp } from './output/wrapHelp.js';

const COMMANDS = [
  demoCommand,
  serveCommand,
  healthCommand,
  previewCommand,
  createCommand,
  listCommand,
  getCommand,
  updateCommand,
  deleteCommand,
  pauseCommand,
  resumeCommand,
  runNowCommand,
  skipCommand,
  unskipCommand,
  checkCommand,
  overlapsCommand,
  atCommand,
  simulateCommand,
  exportCommand,
  importCommand,
  watchCommand,
  followCommand,
  auditCommand,
  historyCommand,
  reportCommand,
  consoleCommand,
  whoamiCommand,
  keysCommand,
  completionCommand,
  shellCommand(runCommand),
];

/**
 * Runs the `dispatch` command.
 *
 * @param args Arguments of the command line, without the names of Node.js and of the program.
 * @returns Exit code, as in the help.
 */
export async function runCommand(args: readonly string[]): Promise<number> {
  // Also when the command line is wrong before or behind it.
  const json = args.includes('--json');
  let undoColours = () => {};
  const program = dispatchProgram(json).hook('preAction', thisCommand => {
    undoColours = printInColours(thisCommand.opts().color !== false, process.env);
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return 0;
  } catch (error) {
    return report(error, json, program);
  } finally {
    undoColours();
  }
}

/**
 * The program with its commands.
 *
 * @param json Whether errors of the command line are left to the caller, who prints them as JSON.
 */
export function dispatchProgram(json: boolean): Command {
  const program = new Command('dispatch')
    .description(
      'Create dispatches for the batteries, inverters and EV chargers of a microgrid, and act on them as they run.',
    )
    .version(version())
    .exitOverride()
    .configureHelp({ showGlobalOptions: true, subcommandTerm: command => command.name() })
    .configureOutput({
      writeOut: text => process.stdout.write(wrapHelp(text, terminalWidth() ?? HELP_WIDTH)),
      // The help where a command is missing.
      writeErr: text => process.stderr.write(wrapHelp(text, terminalWidth() ?? HELP_WIDTH)),
      outputError: text => json || note(withoutValue(text)),
    });
  addGlobalOptions(program).addHelpText(
    'after',
    `
Exit codes:
  0  success
  1  it failed by what there is: an id or a run does not exist, or one, or a file, is not such that it can be done
  2  the command line, or a setting beside it, is wrong, or a file that one of them names does not exist: nothing was tried
  3  the service refused
  4  the service cannot be reached

Of several ids it is 1 when some fail. With --json an error is one line on stderr, {"error":{"code":…,"message":…,…}}: code USAGE with 2, else
the cause, such as NOT_FOUND, FAILED_PRECONDITION or UNAUTHENTICATED; and a note is one, {"note":…}.

The configuration file holds profiles, each with url, authKey or authKeyFile, signSecret or signSecretFile; files are relative to it. Key and secret come
from the first that has a key: options, the profile that is asked for, the environment (DISPATCH_API_*, then FREQUENZ_API_KEY and FREQUENZ_API_SECRET), the
default profile. The url comes, apart from them, from the first that has one: --url, the profile that is asked for, DISPATCH_API_URL, the default profile:
  { "default": "plant", "profiles": { "plant": { "url": "grpc://plant.example?ssl=true", "authKeyFile": "plant.key" } } }

Examples:
  $ dispatch demo                                   see a service, a dispatcher and a client at work
  $ dispatch serve                                  run a service on this machine
  $ dispatch create 1 CHARGE BATTERY now 30m        create a dispatch in microgrid 1
  $ dispatch follow 1 --exec ./control-battery.sh   run a command when it starts and stops
  $ dispatch console                                look at it in the browser
  $ dispatch list 1 --url 'grpc://plant.example?ssl=true' --auth-key-file plant.key --sign-secret-file plant.secret
  $ dispatch list 1 --auth-key 4f1c… --ask-secret --json
  $ dispatch list 1 --config ./config.json --profile plant --no-color`,
  );
  for (const add of COMMANDS) add(program);
  return program;
}

/** Prints an error on stderr, with `json` as one line of JSON; returns the exit code. */
function report(error: unknown, json: boolean, { args }: Command): number {
  const isUsage = error instanceof CommanderError || error instanceof InvalidPlan;
  // Help and version end here.
  if (error instanceof CommanderError && error.exitCode === 0) return 0;
  if (error instanceof ExitCode) return error.code;
  if (commandSignal()?.aborted) {
    note('interrupted');
    return INTERRUPTED;
  }
  const helpProblem = error instanceof CommanderError && error.code === 'commander.help' ? unknownIn(args) : null;
  if (json) {
    const message = isUsage ? (helpProblem ?? usageText(error)) : '';
    note(JSON.stringify(isUsage ? { error: { code: 'USAGE', message } } : errorJson(error)));
  } else if (helpProblem !== null) {
    note(`error: ${helpProblem}`);
  } else if (!isUsage || error instanceof InvalidPlan) {
    const [message, ...more] = errorLines(error);
    note(`error: ${message}`);
    for (const line of more) note(line);
  }
  if (isUsage) return 2;
  return error instanceof CallError ? error.exitCode : 1;
}

/** What is wrong where the help is printed instead: the command of a `help`, or that there is none. */
function unknownIn(words: readonly string[]): string {
  const name = words[words.indexOf('help') + 1];
  return words.includes('help') && name !== undefined ? `unknown command '${name}'` : 'a command is missing';
}

function usageText({ message }: Error): string {
  return withoutValue(message.replace(/^error: /, ''));
}

/**
 * Commander prints an unknown option as it was typed; a misspelt --auth-key=… would reveal the key. A long value that is invalid is cut.
 */
function withoutValue(text: string): string {
  return text
    .replace(/(unknown option '[^'=]*)=[^']*/, '$1')
    .replace(/(argument '.{60}).{20,}(' is invalid\. )/s, '$1…$2');
}

function version(): string {
  const { version } = createRequire(import.meta.url)('xstate-dispatch/package.json') as { version: string };
  return version;
}
