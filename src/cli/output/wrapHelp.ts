import { widthOf } from './rowPrinter.js';

/** Width of a help that is not printed in a terminal, as commander has it. */
export const HELP_WIDTH = 80;

/**
 * Fits a help to a width: paragraphs are wrapped anew, indented lines (options and examples) stay as they are.
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
    else lines.push(line);
    // A line such as "Examples:" is a head.
    if (line.endsWith(':')) flush();
  }
  flush();
  return lines.join('\n');
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
