import { inspect } from 'node:util';
import type { Logger } from '../../src/logger.js';

/** One thing that was logged. */
export interface LogEntry {
  readonly level: keyof Logger;
  readonly message: string;
  readonly fields: object;
}

/** A logger that keeps everything it is told. */
export function keptLog() {
  const entries: LogEntry[] = [];
  const write = (level: keyof Logger) => (fields: object, message: string) =>
    void entries.push({ level, message, fields });
  const logger: Logger = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
  return {
    logger,
    entries,
    /** What was logged at a level. */
    messages: (level: keyof Logger) => entries.filter(entry => entry.level === level).map(({ message }) => message),
    /** All of it, with every property of every error and of its causes. */
    text: () => inspect(entries, { depth: Number.POSITIVE_INFINITY, showHidden: true, maxStringLength: null }),
  };
}
