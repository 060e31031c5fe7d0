import { DispatchError } from '../../model/dispatchError.js';
import { MAX_NOTE_BYTES, NOTE } from '../../wire/note.js';
import { ANYBODY } from '../access/keyRing.js';
import type { AuditAuthor } from '../domain/audit.js';
import type { ServedCall } from './servedCall.js';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The author of the change that a call makes.
 *
 * @throws DispatchError INVALID_ARGUMENT when its note is malformed.
 */
export function auditAuthor(
  { metadata, access: { apiKey } }: ServedCall,
  method: string,
  requestId: string | null,
): AuditAuthor {
  return {
    keyName: apiKey === ANYBODY ? null : apiKey.name,
    method,
    requestId,
    note: readNote(metadata.get(NOTE)),
  };
}

function readNote(values: readonly (string | Uint8Array)[]): string | null {
  const [bytes] = values;
  if (bytes === undefined || bytes.length === 0) return null;
  if (values.length > 1 || typeof bytes === 'string' || bytes.length > MAX_NOTE_BYTES) {
    throw invalidNote(`must be one text of at most ${MAX_NOTE_BYTES} bytes`);
  }
  // PostgreSQL cannot store this character.
  if (bytes.includes(0)) throw invalidNote('must not contain the character U+0000');
  try {
    return utf8.decode(bytes);
  } catch {
    throw invalidNote('must be a text in UTF-8, which is in base64 in a header of HTTP');
  }
}

function invalidNote(problem: string): DispatchError {
  return new DispatchError('INVALID_ARGUMENT', `${NOTE}: ${problem}`, { field: NOTE });
}
