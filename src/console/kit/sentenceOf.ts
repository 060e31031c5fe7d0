/** A text with a full stop, unless it ends as a sentence. */
export function sentenceOf(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
