import { DispatchError } from '../../model/dispatchError.js';

/**
 * What went wrong, line by line: the message, and all that is wrong with fields. Several of them get a line each, in place of
 * a message that strings them together; with `json` the message is followed by one line with the whole error.
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
  return [isStrungTogether ? `${code}: the request is wrong` : message, ...lines];
}
