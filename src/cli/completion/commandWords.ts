import type { Argument, Command, Option } from 'commander';

/** What of a command can be completed. */
export interface CommandWords {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly summary: string;
  readonly options: readonly OptionWords[];
  readonly arguments: readonly ArgumentWords[];
  readonly commands: readonly CommandWords[];
}

/** An option: its names, and what it takes. */
export interface OptionWords {
  /** Such as `-f` and `--frequency`. */
  readonly names: readonly string[];
  readonly description: string;
  /** Null: it takes no value, or can do without. */
  readonly value: ValueWords | null;
}

/** An argument of a command. */
export interface ArgumentWords extends ValueWords {
  readonly isVariadic: boolean;
}

/** A value of an option or an argument. */
export interface ValueWords {
  /** Its name in the help, such as `file`. */
  readonly name: string;
  /** The values that it may have; empty: any. */
  readonly values: readonly string[];
}

/** Whether a value is the name of a file. */
export function isFile({ name }: ValueWords): boolean {
  return name === 'file' || name === 'database';
}

/** Reads from the definition of a command what can be completed, the global options among its own. */
export function commandWords(command: Command): CommandWords {
  const isRoot = command.parent === null;
  const commands = command.commands.map(commandWords);
  const help: CommandWords = {
    name: 'help',
    aliases: [],
    summary: 'display help for a command',
    options: [],
    arguments: [{ name: 'command', values: commands.map(({ name }) => name), isVariadic: false }],
    commands: [],
  };
  return {
    name: command.name(),
    aliases: command.aliases(),
    summary: command.summary() || command.description(),
    options: [...command.options.filter(({ hidden }) => !hidden).map(optionWords), ...(isRoot ? [HELP] : [])],
    arguments: command.registeredArguments.map(argumentWords),
    commands: commands.length === 0 ? [] : [...commands, help],
  };
}

const HELP: OptionWords = { names: ['-h', '--help'], description: 'display help', value: null };

function optionWords(option: Option): OptionWords {
  const { short, long, description, required, argChoices, parseArg, flags } = option;
  const [, name = ''] = /<(.+)>/.exec(flags) ?? [];
  const names = [short, long].filter(flag => flag !== undefined);
  return { names, description, value: required ? { name, values: argChoices ?? valuesOf(parseArg) } : null };
}

function argumentWords(argument: Argument): ArgumentWords {
  const { argChoices, parseArg } = argument as Argument & Pick<Option, 'parseArg'>;
  return { name: argument.name(), values: argChoices ?? valuesOf(parseArg), isVariadic: argument.variadic };
}

/** The values that a parser of `parseValue.ts` tells. */
function valuesOf(parse: unknown): readonly string[] {
  return (parse as { readonly values?: readonly string[] } | undefined)?.values ?? [];
}
