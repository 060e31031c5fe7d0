/** Half of a surrogate pair on its own: no character, so UTF-8 has no bytes for it. */
const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * A text as the wire has it.
 *
 * @param field its path, for the message
 * @throws RangeError when it is none, or holds half of a surrogate pair, which would arrive as another character.
 */
export function encodeText(text: string, field: string): string {
  if (typeof text !== 'string') throw new RangeError(`${field} must be a text, not ${typeof text}`);
  if (LONE_SURROGATE.test(text)) throw new RangeError(`${field} must not hold half of a surrogate pair`);
  return text;
}
