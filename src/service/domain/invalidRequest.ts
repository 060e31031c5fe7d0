import { DispatchError, type FieldViolation } from '../../model/dispatchError.js';
import { utf8Length } from '../../wire/utf8Length.js';

/** A violation of the rules for a request. */
export interface Violation {
  /** The field, by its path in the protocol's names, such as `dispatch_data.recurrence.byhours[2]`. */
  readonly field: string;
  /** What is wrong and what is allowed, as the end of a sentence that begins with the field. */
  readonly problem: string;
}

/**
 * Limits on the size of an error. It is sent twice in the trailers of a call, as text and in its details, and clients accept 8 KB
 * of trailers.
 */
const MAX_VIOLATIONS = 20;
const MAX_FIELD_BYTES = 80;
const MAX_DESCRIPTION_BYTES = 152;
/** In percent-encoding, as it is sent: spaces and bytes outside of ASCII take three bytes. */
const MAX_MESSAGE_BYTES = 600;
const MORE = '; and more';

/**
 * Throws if a request has violations. Only the first 20 are collected.
 *
 * @throws DispatchError INVALID_ARGUMENT with the violations.
 */
export function refuseViolations(...sources: readonly Iterable<Violation>[]): void {
  const first: Violation[] = [];
  for (const violations of sources) {
    for (const violation of violations) {
      if (first.length === MAX_VIOLATIONS) throw requestError(first, true);
      first.push(violation);
    }
  }
  if (first.length > 0) throw requestError(first, false);
}

/** The error for a request with one violation. */
export function invalidField(field: string, problem: string): DispatchError {
  return requestError([{ field, problem }], false);
}

/** Quotes a text of a request for a message: shortened, on one line. */
export function quoted(text: string): string {
  return JSON.stringify(shortened(text, 30));
}

function requestError(found: readonly Violation[], more: boolean): DispatchError {
  const violations = found.map(({ field, problem }) => {
    const name = shortened(field, MAX_FIELD_BYTES);
    return { field: name, description: shortened(`${name}: ${problem}`, MAX_DESCRIPTION_BYTES) };
  });
  return new DispatchError('INVALID_ARGUMENT', messageOf(violations, more), {
    field: violations[0]?.field,
    violations,
  });
}

function messageOf(listed: readonly FieldViolation[], more: boolean): string {
  let message = '';
  for (const [index, { description }] of listed.entries()) {
    const longer = index === 0 ? description : `${message}; ${description}`;
    if (encodeURI(longer + MORE).length > MAX_MESSAGE_BYTES) return message + MORE;
    message = longer;
  }
  return more ? message + MORE : message;
}

/** Truncates a text to a number of UTF-8 bytes, never within a character. */
function shortened(text: string, maxBytes: number): string {
  // A character of UTF-16 has at most three bytes.
  if (text.length * 3 <= maxBytes || utf8Length(text) <= maxBytes) return text;
  let bytes = utf8Length('…');
  let end = 0;
  for (const character of text) {
    bytes += utf8Length(character);
    if (bytes > maxBytes) break;
    end += character.length;
  }
  return `${text.slice(0, end)}…`;
}
