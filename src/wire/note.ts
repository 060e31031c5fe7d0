import { encodeText } from './textCodec.js';

/** Metadata of a create, update or delete call: a text for the audit of the service, in UTF-8. */
export const NOTE = 'note-bin';

/** Maximum number of bytes of a note. */
export const MAX_NOTE_BYTES = 500;

/**
 * Converts a note to metadata.
 *
 * @throws RangeError when it has more than 500 bytes in UTF-8, or contains U+0000 or a lone surrogate.
 */
export function encodeNote(note: string): Uint8Array {
  const bytes = new TextEncoder().encode(encodeText(note, 'note'));
  if (bytes.length > MAX_NOTE_BYTES) {
    throw new RangeError(`note must have at most ${MAX_NOTE_BYTES} bytes in UTF-8, not ${bytes.length}`);
  }
  if (bytes.includes(0)) throw new RangeError('note must not contain the character U+0000');
  return bytes;
}
