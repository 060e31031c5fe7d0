import { Argument, type Command } from 'commander';

import { commandWords } from '../completion/commandWords.js';
import { completionScript, SHELLS } from '../completion/completionScripts.js';

/** Adds `completion`, which prints a script for the completion of a shell. */
export function completionCommand(program: Command): void {
  program
    .command('completion')
    .summary('print a script that completes commands and options in a shell')
    .description(
      'Print a script that completes commands, options and their values in a shell. It does not call the service; `dispatch shell` does, for ids and types.',
    )
    .addArgument(new Argument('<shell>', 'name of the shell').choices(SHELLS))
    .addHelpText(
      'after',
      `
Examples:
  $ eval "$(dispatch completion bash)"    in ~/.bashrc
  $ eval "$(dispatch completion zsh)"     in ~/.zshrc, after compinit
  $ dispatch completion fish > ~/.config/fish/completions/dispatch.fish`,
    )
    .action((shell: (typeof SHELLS)[number]) => {
      process.stdout.write(completionScript(shell, commandWords(program)));
    });
}
