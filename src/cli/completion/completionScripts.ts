import { quoteWord } from '../shell/splitLine.js';
import { type CommandWords, isFile, type ValueWords } from './commandWords.js';

/** Shells for which there is a script. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;

/** A script that makes a shell complete the words of a program. */
export function completionScript(shell: (typeof SHELLS)[number], program: CommandWords): string {
  const functions = wordsFunctions(program);
  // fish has another language, and runs them by `sh`.
  if (shell === 'fish') return FISH.replace('FUNCTIONS', () => functions.replace(/[\\']/g, '\\$&'));
  return `${functions}\n${shell === 'bash' ? BASH : ZSH}`;
}

// Bash also splits words at = and :, which an address has.
const BASH = `_dispatch() {
  local line=\${COMP_LINE:0:COMP_POINT} words=() last=-1 i rest cur part found word
  for ((i = 0; i <= COMP_CWORD; i++)); do
    rest=\${line#"\${line%%[![:space:]]*}"}
    if [ "$i" = 0 ] || [ "$rest" != "$line" ]; then words[++last]=; fi
    line=\${rest#"\${COMP_WORDS[i]}"}
    if [ "$i" = "$COMP_CWORD" ]; then words[last]+=$rest; else words[last]+=\${COMP_WORDS[i]}; fi
  done
  cur=\${words[last]} part=\${words[last]}
  case $cur in -*=*) part=\${cur#*=} ;; esac
  found=$(_dispatch_words "$cur" "\${words[@]:1:last-1}")
  COMPREPLY=()
  if [ "$found" = @files ]; then
    compopt -o filenames 2>/dev/null
    while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -f -- "$part")
    return
  fi
  while IFS= read -r word; do
    word=\${word%%$'\\t'*}
    case $word in '') ;; "$part"*) COMPREPLY+=("\${word#"\${part%"\${part##*:}"}"}") ;; esac
  done <<<"$found"
}
complete -F _dispatch dispatch
`;

const ZSH = `_dispatch() {
  local line found
  local -a entries
  found=$(_dispatch_words "\${words[CURRENT]}" "\${(@)words[2,CURRENT-1]}")
  compset -P '-*='
  if [[ $found == @files ]]; then
    _files
    return
  fi
  for line in \${(f)found}; do
    entries+=("\${\${line%%$'\\t'*}//:/\\:}:\${line#*$'\\t'}")
  done
  _describe dispatch entries
}
compdef _dispatch dispatch
`;

const FISH = `function __dispatch_complete
  set -l before (commandline -opc)
  set -l cur (commandline -ct)
  set -l prefix (string match -r -- '^-[^=]*=' "$cur")
  set -e before[1]
  set -l found (sh -c $__dispatch_functions' "$@"' sh "$cur" $before)
  if test "$found" = @files
    set found (__fish_complete_path (string replace -r -- '^-[^=]*=' '' "$cur"))
  end
  for line in $found
    printf '%s%s\\n' "$prefix" $line
  end
end

set -g __dispatch_functions 'FUNCTIONS
_dispatch_words'

complete -c dispatch -f -a '(__dispatch_complete)'
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

/** Functions for any POSIX shell with `local`, so that all shells complete the same words. */
function wordsFunctions(program: CommandWords): string {
  const all = [...placed(program)];
  const isGlobal = (option: CommandWords['options'][number]) => program.options.includes(option);
  const valued = all.flatMap(({ path, command }) =>
    command.options.flatMap(option => {
      const pattern = (name: string) => (isGlobal(option) ? `*' ${name}'` : `'${path} ${name}'`);
      return option.value === null
        ? []
        : [`    ${option.names.map(pattern).join('|')}) ${valuesPrinted(option.value)} ;;`];
    }),
  );
  const paths = all.flatMap(({ path, command }) =>
    command.commands.flatMap(({ name, aliases }) =>
      [name, ...aliases].map(word => `        ${path}/${word}) path=${path}/${name} count=0 ;;`),
    ),
  );
  const optionsOf = ({ options }: CommandWords) =>
    printed(options.flatMap(({ names, description }) => names.map(name => described(name, description))));
  const own = all
    .filter(({ path, command }) => path !== '' && command.options.length > 0)
    .map(({ path, command }) => `    '${path}') ${optionsOf(command)} ;;`);
  const positions = all.flatMap(({ path, command }) =>
    command.arguments.map((argument, index) => {
      const pattern = argument.isVariadic ? `'${path} '*` : `'${path} ${index}'`;
      return `    ${pattern}) ${valuesPrinted(argument)} ;;`;
    }),
  );
  const commands = all
    .filter(({ command }) => command.commands.length > 0)
    .map(
      ({ path, command }) =>
        `    '${path} 0') ${printed(command.commands.map(({ name, summary }) => described(name, summary)))} ;;`,
    );
  return `# What an option takes, one value a line; @files: a file. It fails where it takes nothing. $1: command and option.
_dispatch_value() {
  case $1 in
${valued.join('\n')}
    *) return 1 ;;
  esac
}

# The words that may follow, one a line, some with a tab and what they mean. $1: the word that is completed; the others: those before it.
_dispatch_words() {
  local cur=$1 path= option= count=0 word
  shift
  for word in "$@"; do
    if [ -n "$option" ]; then option=; continue; fi
    case $word in
      -*=*) continue ;;
      -*) if _dispatch_value "$path $word" >/dev/null; then option=$word; fi; continue ;;
    esac
    if [ "$count" -gt 0 ]; then count=$((count + 1)); else
      case $path/$word in
${paths.join('\n')}
        *) count=1 ;;
      esac
    fi
  done
  case $cur in -*=*) option=\${cur%%=*} ;; esac
  if [ -n "$option" ]; then _dispatch_value "$path $option"; return; fi
  case $cur in -*) _dispatch_options "$path"; return ;; esac
  case "$path $count" in
${[...commands, ...positions].join('\n')}
  esac
}

_dispatch_options() {
  case $1 in
${own.join('\n')}
  esac
  ${optionsOf(program)}
}
`;
}

function valuesPrinted(value: ValueWords): string {
  if (isFile(value)) return 'echo @files';
  return value.values.length === 0 ? ':' : printed(value.values);
}

function printed(lines: readonly string[]): string {
  return `printf '%s\\n' ${lines.map(quoteWord).join(' ')}`;
}

/** A line with a word and, behind a tab, what it means. */
function described(word: string, text: string): string {
  return `${word}\t${text.split('\n')[0]}`;
}
