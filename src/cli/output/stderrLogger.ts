import type { Logger } from '../../logger.js';
import { note } from './print.js';

/** Notes warnings and errors on stderr, a line each. */
export const stderrLogger: Logger = {
  debug: () => {},
  info: () => {},
  warn: (fields, message) => note(`warning: ${message} ${fieldsText(fields)}`),
  error: (fields, message) => note(`error: ${message} ${fieldsText(fields)}`),
};

function fieldsText(fields: object): string {
  return JSON.stringify(fields, (_, value) => (value instanceof Error ? value.message : value));
}
