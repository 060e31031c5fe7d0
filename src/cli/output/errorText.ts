import { DispatchError } from '../../model/dispatchError.js';

/**
 * What went wrong, line by line: the message, then all that is wrong with fields. Those are lines of text as far as the
 * message does not say them, or with `json` one line with the whole error.
 */
export function errorLines(error: unknown, json: boolean): string[] {
  if (!(error instanceof Error)) return [String(error)];
  if (!(error instanceof DispatchError) || error.violations.length === 0) return [error.message];
  if (json) return [error.message, JSON.stringify({ error })];
  const untold = error.violations.map(({ description }) => description).filter(text => !error.message.includes(text));
  return [error.message, ...untold.map(text => `- ${text}`)];
}
