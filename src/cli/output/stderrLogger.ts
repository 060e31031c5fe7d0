import type { Logger } from '../../logger.js';
import { note } from './print.js';

/** Log levels in ascending severity; `silent` logs nothing. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;

/** One of {@link LOG_LEVELS}. */
export type LogLevel = (typeof LOG_LEVELS)[number];

const WORDS = { debug: 'debug', info: 'info', warn: 'warning', error: 'error' } as const;

/** Logs to stderr for people, one line per entry, such as `warning: the call failed status=UNAVAILABLE`. */
export function stderrLogger(level: LogLevel = 'warn'): Logger {
  const least = LOG_LEVELS.indexOf(level);
  const at = (own: keyof Logger) =>
    LOG_LEVELS.indexOf(own) < least
      ? () => {}
      : (fields: object, message: string) => note([`${WORDS[own]}: ${message}`, ...fieldTexts(fields)].join(' '));
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

function fieldTexts(fields: object): string[] {
  return Object.entries(fields).map(([name, value]) => `${name}=${valueText(value)}`);
}

function valueText(value: unknown): string {
  if (value instanceof Error) return JSON.stringify(value.message);
  if (typeof value === 'string' && /^[^\s"]+$/.test(value)) return value;
  return JSON.stringify(value);
}
