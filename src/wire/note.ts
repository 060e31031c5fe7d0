/** Metadata of a create, update or delete call: a text for the audit of the service, in UTF-8. */
export const NOTE = 'note-bin';

/** Maximum number of bytes of a note. */
export const MAX_NOTE_BYTES = 500;
