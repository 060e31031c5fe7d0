import type { EventEmitter } from 'node:events';
import type { Argument, Command, Help, Option } from 'commander';

import { dataFile } from '../../src/cli/dataFile.js';
import { dispatchProgram } from '../../src/cli/runCommand.js';

/** Formats the page about the command, from what its help says. */
export function commandPage(): string {
  const program = dispatchProgram(false);
  const help = program.createHelp();
  const commands = commandsIn(program, help);
  const sections = [
    '# The command',
    'What `dispatch --help` and the help of each command say; made from it by `npm run pages`. Most people begin with [a first hour](first-hour.md).',
    ...tailOf(program),
    '## Commands',
    table(
      ['command', ''],
      commands.map(command => [
        `[\`${nameOf(command)}\`](#${anchorOf(nameOf(command))})`,
        help.subcommandDescription(command),
      ]),
    ),
    '## Options of every command',
    'They may stand before or after the name of the command.',
    table(
      ['option', ''],
      help.visibleOptions(program).map(option => optionRow(option, help)),
    ),
    ...commands.flatMap(command => commandSection(command, help)),
  ];
  // The same on every computer.
  return `${sections.join('\n\n').replace(`"${dataFile('dispatches.db')}"`, "dispatches.db in the user's folder for data")}\n`;
}

/** The commands that do something, those within others after them. */
function commandsIn(command: Command, help: Help): Command[] {
  return help
    .visibleCommands(command)
    .filter(inner => inner.name() !== 'help')
    .flatMap(inner => [inner, ...commandsIn(inner, help)]);
}

/** The name of a command with those around it, without that of the program. */
function nameOf(command: Command): string {
  const outer = command.parent?.parent ? `${nameOf(command.parent)} ` : '';
  return outer + command.name();
}

function commandSection(command: Command, help: Help): string[] {
  const name = nameOf(command);
  const options = help.visibleOptions(command).filter(({ long }) => long !== '--help');
  return [
    `## ${name}`,
    cell(help.commandDescription(command)),
    `\`\`\`text\ndispatch ${name} ${command.usage()}\n\`\`\``,
    ...tableIfAny(
      'argument',
      help.visibleArguments(command).map(argument => argumentRow(argument, help)),
    ),
    ...groupsOf(options).flatMap(([heading, inGroup]) =>
      tableIfAny(
        heading,
        inGroup.map(option => optionRow(option, help)),
      ),
    ),
    ...tailOf(command),
  ];
}

/** Options by the heading that they have in the help, in its order. */
function groupsOf(options: readonly Option[]): [heading: string, options: Option[]][] {
  const groups = new Map<string, Option[]>();
  for (const option of options) {
    const heading = option.helpGroupHeading?.replace(/:$/, '') ?? 'option';
    groups.set(heading, [...(groups.get(heading) ?? []), option]);
  }
  return [...groups];
}

function argumentRow(argument: Argument, help: Help): string[] {
  return [`\`${help.argumentTerm(argument)}\``, help.argumentDescription(argument)];
}

function optionRow(option: Option, help: Help): string[] {
  return [`\`${help.optionTerm(option)}\``, help.optionDescription(option)];
}

/** What the help says after the options: paragraphs, and examples as commands. */
function tailOf(command: Command): string[] {
  let text = '';
  const write = (part: string) => {
    text += part;
  };
  // Commander is an emitter, which its types leave out.
  (command as unknown as EventEmitter).emit('afterHelp', { error: false, command, write });
  const [before = '', examples = ''] = text.trim().split(/^Examples:\n/m);
  const prose = before.trim() === '' ? [] : before.trim().split(/\n\n+/).map(proseOf);
  return [
    ...prose,
    ...(examples === '' ? [] : [`\`\`\`sh\n${examples.split('\n').map(exampleLine).join('\n').trim()}\n\`\`\``]),
  ];
}

/** A paragraph; one with indented lines keeps its lines. */
function proseOf(paragraph: string): string {
  return /^ {2}/m.test(paragraph) ? `\`\`\`text\n${paragraph}\n\`\`\`` : cell(paragraph.replace(/\n/g, ' '));
}

/** A line of the examples as the shell takes it: what is no command is a comment. */
function exampleLine(line: string): string {
  const [, command] = /^ {2}\$ (.*)$/.exec(line) ?? [];
  if (command === undefined) return /^ {2}\S/.test(line) || /^\S/.test(line) ? `# ${line.trim()}` : line.trimEnd();
  return command.replace(/^(\S.*?) {3,}(\S.*)$/, '$1  # $2').trimEnd();
}

function tableIfAny(heading: string, rows: readonly string[][]): string[] {
  return rows.length === 0 ? [] : [table([heading, ''], rows)];
}

function table(head: readonly string[], rows: readonly string[][]): string {
  const lines = [head, head.map(() => '---'), ...rows.map(row => row.map((text, i) => (i === 0 ? text : cell(text))))];
  return lines
    .map(cells => `| ${cells.map(text => text.replaceAll('|', '\\|')).join(' | ')} |`.replace('|  |', '| |'))
    .join('\n');
}

/** A text of the help in Markdown: what looks like a tag or a list of options is shown as it is. */
function cell(text: string): string {
  return text
    .replace(/\{"[^}]*\}+/g, '`$&`')
    .replace(/(?<![`\w])--[a-z][a-z-]*/g, '`$&`')
    .replace(/<(?=\w)/g, '&lt;')
    .replace(/(?<![`\w])_(?=\w)/g, '\\_')
    .trim();
}

function anchorOf(heading: string): string {
  return heading.toLowerCase().replace(/ /g, '-');
}
