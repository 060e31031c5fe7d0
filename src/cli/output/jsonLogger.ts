import pino from 'pino';

import type { Logger } from '../../logger.js';
import type { LogLevel } from './stderrLogger.js';

const STDERR = 2;
/** An error may be its own cause, by way of others. */
const MAX_CAUSES = 5;

/** Writes on stderr for programs that collect logs: a JSON object a line, with `time`, `level`, `msg` and what it is about. */
export function jsonLogger(level: LogLevel): Logger {
  return pino(
    {
      level,
      base: { pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: label => ({ level: label }) },
      serializers: { err: (error: unknown) => errorFields(error, MAX_CAUSES) },
    },
    // What was logged is out when the process dies.
    pino.destination({ dest: STDERR, sync: true }),
  );
}

/** Only what is known to be harmless: errors of databases also carry the rows that they are about. */
function errorFields(error: unknown, depth: number): unknown {
  if (!(error instanceof Error)) return String(error);
  const { name, message, stack, cause } = error;
  const code = (error as { code?: unknown }).code;
  const errors = error instanceof AggregateError ? error.errors.map(each => errorFields(each, 0)) : undefined;
  return {
    type: name,
    message,
    ...(typeof code === 'string' && { code }),
    stack,
    ...(errors && { errors }),
    ...(cause !== undefined && depth > 0 && { cause: errorFields(cause, depth - 1) }),
  };
}
