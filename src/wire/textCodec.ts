/** A lone surrogate, which UTF-8 cannot represent. */
const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * Checks a string before it is put into a message.
 *
 * @param field its path, for the message
 * @throws RangeError when it is not a string, or holds a lone surrogate, which would arrive as another character.
 */
export function encodeText(text: string, field: string): string {
  if (typeof text !== 'string') throw new RangeError(`${field} must be a string, not ${typeof text}`);
  if (hasLoneSurrogate(text)) throw new RangeError(`${field} must not contain a lone surrogate`);
  return text;
}

/** Whether a text holds a lone surrogate, in whose place UTF-8 has U+FFFD. */
export function hasLoneSurrogate(text: string): boolean {
  return LONE_SURROGATE.test(text);
}
