/**
 * The number of bytes of a text in UTF-8; a lone surrogate counts as the character that replaces it. Node.js counts natively, which takes a tenth
 * of the time.
 */
export const utf8Length: (text: string) => number = nativeLength() ?? countedLength;

/** {@link utf8Length} for runtimes without `Buffer`. */
export function countedLength(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0;
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  }
  return bytes;
}

/** Node.js's own; undefined elsewhere. */
function nativeLength(): ((text: string) => number) | undefined {
  const { Buffer: found } = globalThis as { Buffer?: { byteLength(text: string): number } };
  return found && (text => found.byteLength(text));
}
