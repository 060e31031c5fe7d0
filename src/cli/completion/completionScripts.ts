import { quoteWord } from '../shell/splitLine.js';
import { type CommandWords, isFile, type ValueWords } from './commandWords.js';

/** Shells for which there is a script. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;

/** A script that makes a shell complete the words of a program. */
export function completionScript(shell: (typeof SHELLS)[number], program: CommandWords): string {
  if (shell === 'fish') return fishScript(program);
  return `${wordsFunction(program)}\n${shell === 'bash' ? BASH : ZSH}`;
}

const BASH = `_dispatch() {
  local cur=\${COMP_WORDS[COMP_CWORD]} found IFS=$'\\n'
  [ "$cur" = = ] && cur=
  found=$(_dispatch_words "$cur" "\${COMP_WORDS[@]:1:COMP_CWORD-1}")
  if [ "$found" = @files ]; then
    compopt -o filenames 2>/dev/null
    COMPREPLY=($(compgen -f -- "$cur"))
  else
    COMPREPLY=($(compgen -W "$found" -- "$cur"))
  fi
}
complete -F _dispatch dispatch
`;

const ZSH = `_dispatch() {
  local found=$(_dispatch_words "\${words[CURRENT]}" "\${(@)words[2,CURRENT-1]}")
  if [[ $found == @files ]]; then
    _files
  else
    compadd -- \${(f)found}
  fi
}
compdef _dispatch dispatch
`;

/** A command with the names before it, separated by `/`. */
interface Placed {
  readonly path: string;
  readonly command: CommandWords;
}

function* placed(command: CommandWords, path = ''): Generator<Placed> {
  yield { path, command };
  for (const inner of command.commands) yield* placed(inner, `${path}/${inner.name}`);
}

/** Functions for any POSIX shell with \`local\`, so that shells complete the same words. */
function wordsFunction(program: CommandWords): string {
  const all = [...placed(program)];
  const isGlobal = (option: CommandWords['options'][number]) => program.options.includes(option);
  const valued = all.flatMap(({ path, command }) =>
    command.options.flatMap(option => {
      const pattern = (name: string) => (isGlobal(option) ? `*' ${name}'` : `'${path} ${name}'`);
      return option.value === null ? [] : [`    ${option.names.map(pattern).join('|')}) ${printed(option.value)} ;;`];
    }),
  );
  const paths = all.flatMap(({ path, command }) =>
    command.commands.flatMap(({ name, aliases }) =>
      [name, ...aliases].map(word => `        ${path}/${word}) path=${path}/${name} count=0 ;;`),
    ),
  );
  const options = all.map(({ path, command }) => {
    const own = path === '' ? [] : command.options.flatMap(({ names }) => names);
    return `    '${path}') printf '%s\\n' ${[...own, ...program.options.flatMap(({ names }) => names)].join(' ')} ;;`;
  });
  const positions = all.flatMap(({ path, command }) =>
    command.arguments.map((argument, index) => {
      const pattern = argument.isVariadic ? `'${path} '*` : `'${path} ${index}'`;
      return `    ${pattern}) ${printed(argument)} ;;`;
    }),
  );
  const commands = all
    .filter(({ command }) => command.commands.length > 0)
    .map(
      ({ path, command }) => `    '${path} 0') printf '%s\\n' ${command.commands.map(({ name }) => name).join(' ')} ;;`,
    );
  return `# What an option takes, one value a line; @files: a file. It fails where it takes nothing. $1: command and option.
_dispatch_value() {
  case $1 in
${valued.join('\n')}
    *) return 1 ;;
  esac
}

# The words that may follow, one a line. $1: the word that is completed; the others: those before it.
_dispatch_words() {
  local cur=$1 path= option= count=0 word
  shift
  for word in "$@"; do
    if [ "$word" = = ]; then continue; fi
    if [ -n "$option" ]; then option=; continue; fi
    case $word in
      -*) if _dispatch_value "$path $word" >/dev/null; then option=$word; fi; continue ;;
    esac
    if [ "$count" -gt 0 ]; then count=$((count + 1)); else
      case $path/$word in
${paths.join('\n')}
        *) count=1 ;;
      esac
    fi
  done
  if [ -n "$option" ]; then _dispatch_value "$path $option"; return; fi
  case $cur in -*) _dispatch_options "$path"; return ;; esac
  case "$path $count" in
${[...commands, ...positions].join('\n')}
  esac
}

_dispatch_options() {
  case $1 in
${options.join('\n')}
  esac
}
`;
}

function printed(value: ValueWords): string {
  if (isFile(value)) return 'echo @files';
  return value.values.length === 0 ? ':' : `printf '%s\\n' ${value.values.map(quoteWord).join(' ')}`;
}

/** Declarations in the language of fish. */
function fishScript(program: CommandWords): string {
  const lines = ['complete -c dispatch -f'];
  const says = (text: string) => `-d ${quoteWord(text.split('\n')[0] ?? '')}`;
  for (const { path, command } of placed(program)) {
    const [first, ...more] = path.split('/').slice(1);
    const seen = [first, ...more].filter(name => name !== undefined).map(name => `__fish_seen_subcommand_from ${name}`);
    const inner = command.commands.map(({ name }) => name);
    const isNext =
      seen.length === 0
        ? '__fish_use_subcommand'
        : `${seen.join('; and ')}; and not __fish_seen_subcommand_from ${inner.join(' ')}`;
    for (const { name, summary } of command.commands)
      lines.push(`complete -c dispatch -n '${isNext}' -a ${name} ${says(summary)}`);
    const here = seen.length === 0 ? '' : ` -n '${seen.join('; and ')}'`;
    for (const { names, description, value } of command.options) {
      const flags = names
        .map(name => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`))
        .join(' ');
      lines.push(`complete -c dispatch${here} ${flags}${fishValue(value)} ${says(description)}`);
    }
    for (const argument of command.arguments) {
      if (isFile(argument)) lines.push(`complete -c dispatch${here} -F`);
      else if (argument.values.length > 0)
        lines.push(`complete -c dispatch${here} -a ${quoteWord(argument.values.join(' '))}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

function fishValue(value: ValueWords | null): string {
  if (value === null) return '';
  if (isFile(value)) return ' -r -F';
  return value.values.length === 0 ? ' -x' : ` -x -a ${quoteWord(value.values.join(' '))}`;
}
