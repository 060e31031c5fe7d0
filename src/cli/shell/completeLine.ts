import { type CommandWords, isFile, type ValueWords } from '../completion/commandWords.js';
import { splitPart } from './splitLine.js';

/** What completion learns from outside. */
export interface CompletionSources {
  /** Ids of the dispatches of a microgrid, and of its groups. */
  ids(microgridId: number): Promise<readonly string[]>;
  /** Types of the dispatches of a microgrid. */
  types(microgridId: number): Promise<readonly string[]>;
  /** Names of files that begin so, folders with a slash at their end. */
  files(beginning: string): Promise<readonly string[]>;
}

/** As Node's readline takes it: whole words in place of the last one of the line, and what of that was typed. */
export type Completion = [hits: string[], typed: string];

/** Completes the last word of a line: a command, an option, its value, the id or type of a dispatch, or a file. */
export async function completeLine(
  line: string,
  program: CommandWords,
  sources: CompletionSources,
): Promise<Completion> {
  const { words, isInWord, lastStart, openQuote } = splitPart(line);
  const before = isInWord ? words.slice(0, -1) : words;
  const current = isInWord ? (words.at(-1) ?? '') : '';
  const typed = line.slice(lastStart);
  const written = (word: string) => (openQuote === undefined ? escaped(word) : openQuote + word);
  // A word that is written in another way cannot be continued.
  if (typed !== written(current)) return [[], typed];
  const found = await candidates(before[0] === program.name ? before.slice(1) : before, current, program, sources);
  const begun = found.filter(word => word.startsWith(current) && !(openQuote && word.includes(openQuote)));
  const hits = begun.map(word => written(word) + (openQuote === undefined || word.endsWith('/') ? '' : openQuote));
  const [only] = hits;
  return [hits.length === 1 && only !== undefined && !only.endsWith('/') ? [`${only} `] : hits, typed];
}

/** A word as it is written without quotes. */
function escaped(word: string): string {
  return word.replace(/[^\p{L}\p{N}_@%+=:,./#-]/gu, String.raw`\$&`);
}

async function candidates(
  before: readonly string[],
  current: string,
  program: CommandWords,
  sources: CompletionSources,
): Promise<readonly string[]> {
  const { command, pending, values, given } = walk(before, program);
  if (pending !== null) return valuesOf(pending, microgridOf(values, given), current, sources);
  if (current.startsWith('-')) {
    const own = command === program ? [] : command.options;
    return [...own, ...program.options].flatMap(({ names }) => names.filter(name => name.startsWith('--')));
  }
  if (command.commands.length > 0) return given.length > 0 ? [] : command.commands.map(({ name }) => name);
  const next = command.arguments[given.length] ?? command.arguments.findLast(({ isVariadic }) => isVariadic);
  return next === undefined ? [] : valuesOf(next, microgridOf(values, given), current, sources);
}

/** What the words before the last one have said. */
interface Walked {
  readonly command: CommandWords;
  /** The option whose value the last word is. */
  readonly pending: ValueWords | null;
  /** Values of options, by the name of the option. */
  readonly values: ReadonlyMap<string, string>;
  /** Arguments of the command. */
  readonly given: readonly string[];
}

function walk(words: readonly string[], program: CommandWords): Walked {
  let command = program;
  let pending: { readonly value: ValueWords; readonly name: string } | null = null;
  const values = new Map<string, string>();
  const given: string[] = [];
  for (const word of words) {
    if (pending !== null) {
      values.set(pending.name, word);
      pending = null;
      continue;
    }
    if (word.startsWith('-')) {
      const option = [...command.options, ...program.options].find(({ names }) => names.includes(word));
      if (option?.value) pending = { value: option.value, name: option.names.at(-1) ?? word };
      continue;
    }
    const inner = command.commands.find(({ name, aliases }) => given.length === 0 && [name, ...aliases].includes(word));
    if (inner === undefined) given.push(word);
    else command = inner;
  }
  return { command, pending: pending?.value ?? null, values, given };
}

function microgridOf(values: ReadonlyMap<string, string>, [first]: readonly string[]): number | null {
  const text = values.get('--microgrid') ?? first ?? '';
  return /^\d+$/.test(text) ? Number(text) : null;
}

async function valuesOf(
  value: ValueWords,
  microgridId: number | null,
  current: string,
  sources: CompletionSources,
): Promise<readonly string[]> {
  if (isFile(value)) return sources.files(current);
  if (microgridId !== null && /^(?:dispatch-ids?|ids?)$/.test(value.name)) return sources.ids(microgridId);
  if (microgridId !== null && value.name === 'type') return sources.types(microgridId);
  return value.values;
}
