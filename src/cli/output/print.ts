/** Prints a line on stdout: what the command is asked for. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Prints a value as a line of JSON on stdout. */
export function printJson(value: unknown): void {
  print(JSON.stringify(value));
}

/** Prints a line on stderr: what else there is to say. */
export function note(line: string): void {
  process.stderr.write(`${oneLine(line)}\n`);
}

/** A text that came from elsewhere, fit for a terminal: control characters, which could steer it, are written out. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, char => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** A text without line breaks. */
function oneLine(text: string): string {
  return text.replace(/\s*[\r\n]+\s*/g, ' ').trim();
}
