/** Control characters, and those that change the direction of text. */
export const UNPRINTABLE = /[\p{Cc}\p{Bidi_Control}]/u;

const EVERY = new RegExp(UNPRINTABLE, 'gu');

/**
 * Escapes the control characters of foreign text, which could control the terminal, and those that change the direction of text. JSON without line
 * breaks stays the same value.
 */
export function printable(text: string): string {
  return text.replace(EVERY, char => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
