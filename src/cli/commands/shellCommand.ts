import type { Command } from 'commander';

import { commandSignal } from '../commandSignal.js';
import { commandWords } from '../completion/commandWords.js';
import { dataFile } from '../dataFile.js';
import { ExitCode } from '../exitCode.js';
import { inheritedArgs, printsJson, readServiceAccess } from '../globalOptions.js';
import { UsageError } from '../input/usageError.js';
import { note } from '../output/print.js';
import { completeLine } from '../shell/completeLine.js';
import { completionSources } from '../shell/completionSources.js';
import { runShell } from '../shell/runShell.js';
import { openHistory } from '../shell/shellHistory.js';

/**
 * Adds `shell`, in which commands are typed without `dispatch` in front.
 *
 * @param run Runs a command line; returns its exit code.
 */
export function shellCommand(run: (args: readonly string[]) => Promise<number>): (program: Command) => void {
  return program => {
    program
      .command('shell')
      .alias('repl')
      .summary('type commands one after the other')
      .description(
        'Type commands one after the other, without `dispatch` in front, with the global options of this one. Tab completes commands, ' +
          'options, ids and types; the arrow keys bring back earlier lines, which are kept for the next time, without those that hold ' +
          'secrets. Words with spaces are quoted as in other shells. Ctrl-C ends the command that runs, exit or Ctrl-D the shell. The ' +
          'exit code of a command that failed is in the prompt.\n\n' +
          'Commands can also be piped to it; it then ends with the exit code of the first one that failed.',
      )
      .addHelpText(
        'after',
        `
Examples:
  $ dispatch shell --profile plant
  $ echo 'list 1' | dispatch shell`,
      )
      .action((_, command) => shell(run, command));
  };
}

async function shell(run: (args: readonly string[]) => Promise<number>, command: Command): Promise<void> {
  if (commandSignal() !== undefined) throw new UsageError('This is a shell already.');
  const access = await readServiceAccess(command);
  const words = commandWords(command.parent ?? command);
  using sources = completionSources(access);
  if (process.stdin.isTTY && !printsJson(command)) note(`${access.url}: type help for the commands, Ctrl-D to leave.`);
  const code = await runShell({
    run: typed => run([...inheritedArgs(command, access, typed), ...typed]),
    complete: line => completeLine(line, words, sources),
    openHistory: () => openHistory(dataFile('shell-history'), note),
    input: process.stdin,
    output: process.stdout.isTTY ? process.stdout : process.stderr,
  });
  if (code !== 0) throw new ExitCode(code);
}
