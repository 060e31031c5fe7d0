import { DispatchError, type DispatchErrorJson, messageOf } from '../../model/dispatchError.js';

/**
 * Formats an error in lines: its message, and one line per invalid field where there are several, instead of a message that lists
 * them.
 */
export function errorLines(error: unknown): string[] {
  if (!(error instanceof DispatchError) || error.violations.length === 0) return [messageOf(error)];
  const { code, message, violations } = error;
  const untold = violations.filter(({ description }) => !message.includes(description));
  if (violations.length === 1 && untold.length === 0) return [message];
  const isStrungTogether = untold.length < violations.length;
  const lines = violations.map(({ description }) => `- ${description}`);
  return [isStrungTogether ? `${code}: the request is invalid` : message, ...lines];
}

/** What a command prints on stderr with `--json` when it fails. */
export interface ErrorJson {
  readonly error: Pick<DispatchErrorJson, 'code' | 'message'> & Partial<DispatchErrorJson>;
}

/** Converts an error to JSON; a code that it does not have is UNKNOWN. */
export function errorJson(error: unknown): ErrorJson {
  return { error: DispatchError.from(error).toJSON() };
}
