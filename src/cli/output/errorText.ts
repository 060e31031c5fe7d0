import { DispatchError } from '../../model/dispatchError.js';

/**
 * Formats an error in lines: its message, and one line per invalid field where there are several, instead of a message that lists
 * them; with `json`, its message and one line with the whole error.
 */
export function errorLines(error: unknown, json: boolean): string[] {
  if (!(error instanceof Error)) return [String(error)];
  if (!(error instanceof DispatchError) || error.violations.length === 0) return [error.message];
  const { code, message, violations } = error;
  if (json) return [message, JSON.stringify({ error })];
  const untold = violations.filter(({ description }) => !message.includes(description));
  if (violations.length === 1 && untold.length === 0) return [message];
  const isStrungTogether = untold.length < violations.length;
  const lines = violations.map(({ description }) => `- ${description}`);
  return [isStrungTogether ? `${code}: the request is invalid` : message, ...lines];
}
