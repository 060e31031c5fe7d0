import pino from 'pino';

import type { Logger } from '../../logger.js';
import { printable } from '../../planning/text/printable.js';
import { noteOutputFailure } from './outputFailure.js';
import type { LogLevel } from './stderrLogger.js';

const STDERR = 2;
/** Maximum length of the entries that wait while stderr cannot be written, in bytes. */
const MAX_WAITING_BYTES = 2 ** 20;
/** Maximum number of nested causes that are logged; causes may form a circle. */
const MAX_CAUSES = 5;

/** Logs to stderr for log collectors: one JSON object per line with `time`, `level`, `msg` and further fields. */
export function jsonLogger(level: LogLevel): Logger {
  return pino(
    {
      level,
      base: { pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: label => ({ level: label }) },
      serializers: { err: (error: unknown) => errorFields(error, MAX_CAUSES) },
    },
    stderrDestination(),
  );
}

/** Writes to stderr. Entries that cannot be written, as on a full disk, are written before the next ones, or dropped when they are too many. */
function stderrDestination(): pino.DestinationStream {
  let destination = open();
  return { write: entry => void destination.write(`${printable(entry.trimEnd())}\n`) };

  function open() {
    // Synchronous, so that entries are written when the process dies.
    const opened = pino.destination({ dest: STDERR, sync: true, maxLength: MAX_WAITING_BYTES });
    opened.on('error', error => noteOutputFailure('stderr', error));
    // A destination that is full does not try to write again.
    opened.on('drop', () => {
      destination = open();
    });
    return opened;
  }
}

/** Only fields that are known to be harmless: database errors also contain row data. */
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
