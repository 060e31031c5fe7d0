/** Where a parser of JSON found something wrong. */
const POSITION = / at position (\d+)$/;

/**
 * The problem of a payload with the line and the column where it is, in place of the number of a character.
 *
 * @param message of a parser, about the text without the white space around it
 */
export function payloadProblem(message: string, text: string): string {
  const [, digits] = POSITION.exec(message) ?? [];
  if (digits === undefined) return message;
  const lead = text.length - text.trimStart().length;
  // The parser may be given braces around the text.
  const isBare = !/^[{[]/.test(text.trimStart()) && /^"[^"]*"\s*:/.test(text.trimStart());
  const before = text.slice(0, lead + Number(digits) - (isBare ? 1 : 0)).split('\n');
  return message.replace(POSITION, ` at line ${before.length}, column ${(before.at(-1) ?? '').length + 1}`);
}
