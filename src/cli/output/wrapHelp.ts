import { stripVTControlCharacters } from 'node:util';

import { widthOf } from './rowPrinter.js';

/** Width of a help that is not printed in a terminal, as commander has it. */
export const HELP_WIDTH = 80;

/** Where the text of an option begins below its name, when it does not fit beside it. */
const INDENT = ' '.repeat(6);
/** An option, an argument or a command with its text; examples begin with `$`. */
const TERM = /^( {2}[^\s$].*?) {2,}(\S.*)$/;

/**
 * Fits a help to a width: paragraphs are wrapped anew, and the text of an option that does not fit beside its name goes below it; that of a name
 * of a few letters stays beside it. Examples stay as they are.
 */
export function wrapHelp(text: string, width: number): string {
  const all = text.split('\n');
  const lines: string[] = [];
  let paragraph: string[] = [];
  const flush = () => {
    lines.push(...wrapped(paragraph.join(' '), width));
    paragraph = [];
  };
  for (const line of all) {
    const isProse = /^\S/.test(line);
    if (!isProse) flush();
    if (isProse) paragraph.push(line);
    else lines.push(...termLines(line, width));
    // A line such as "Examples:" is a head.
    if (line.endsWith(':')) flush();
  }
  flush();
  return lines.join('\n');
}

/**
 * Fits a line to a width, with its colours: it goes on below its text, or, where that is far to the right, a little to the right of its
 * beginning. One that ends with JSON stays as it is, to be copied.
 */
export function wrapLine(line: string, width: number): string {
  const plain = stripVTControlCharacters(line);
  const indent = plain.length - plain.trimStart().length;
  if (widthOf(line) <= width || (indent > 0 && plain.endsWith('}'))) return line;
  const column = /^ {2}\S.*? {2,}(?=\S)/.exec(plain)?.[0].length ?? 0;
  const hang = ' '.repeat(column > indent && column <= width / 2 ? column : indent + 2);
  const [first = '', ...others] = wrapped(line.trimStart(), width - indent);
  const below = others.length === 0 ? [] : wrapped(others.join(' '), width - hang.length);
  return [' '.repeat(indent) + first, ...below.map(each => hang + each)].map(each => each.trimEnd()).join('\n');
}

function termLines(line: string, width: number): string[] {
  const [, term, text] = TERM.exec(line) ?? [];
  if (term === undefined || text === undefined || widthOf(line) <= width) return [line];
  const column = line.length - text.length;
  if (column <= INDENT.length) {
    const beside = wrapped(text, width - column);
    return beside.map((each, index) => (index === 0 ? line.slice(0, column) : ' '.repeat(column)) + each);
  }
  return [term, ...wrapped(text, width - INDENT.length).map(each => INDENT + each)];
}

function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && widthOf(line) + 1 + widthOf(word) > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  if (line !== '') lines.push(line);
  return lines;
}
