import { encodeNote } from '../../wire/note.js';
import { UsageError } from './usageError.js';

/** Option of the commands that change dispatches. */
export const NOTE_OPTION = [
  '--note <text>',
  "reason, such as 'plant is closed', which the audit of the service keeps",
  parseNote,
] as const;

function parseNote(text: string): string {
  try {
    encodeNote(text);
    return text;
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(`The ${error.message}.`);
    throw error;
  }
}
