import { Status } from 'nice-grpc-common';

import type { Logger } from '../../logger.js';
import type { CallObserver } from './endedCall.js';

type Level = keyof Logger;

/** Calls that change something: who changed what can be read from the log. */
const CHANGES = new Set(['CreateMicrogridDispatch', 'UpdateMicrogridDispatch', 'DeleteMicrogridDispatch']);

/** A line longer than this tells no more. */
const MAX_REASON_LENGTH = 300;

/**
 * Logs a line for each call: what was changed and what was refused at `info`, what was read at `debug`, refused callers
 * and calls that could not be served at `warn`, failures of the service at `error`.
 *
 * No line tells what a call carries: neither its metadata nor what it wants stored.
 *
 * @param stopping - whether the service is being stopped, and calls that it cannot serve are no surprise.
 */
export function accessLog(logger: Logger, stopping: () => boolean): CallObserver {
  return ({ status, durationMs, streaming, reason, ...call }) => {
    const fields = {
      ...call,
      status: Status[status],
      ms: Math.round(durationMs * 10) / 10,
      ...(reason !== undefined && { reason: reason.slice(0, MAX_REASON_LENGTH) }),
    };
    logger[levelOf(status, call.method, stopping())](fields, streaming ? 'stream' : 'call');
  };
}

function levelOf(status: Status, method: string, stopping: boolean): Level {
  switch (status) {
    case Status.OK:
      return CHANGES.has(method) ? 'info' : 'debug';
    case Status.CANCELLED:
      return 'debug';
    case Status.UNAVAILABLE:
      return stopping ? 'debug' : 'warn';
    case Status.UNAUTHENTICATED:
    case Status.PERMISSION_DENIED:
    case Status.RESOURCE_EXHAUSTED:
      return 'warn';
    case Status.INTERNAL:
    case Status.UNKNOWN:
      return 'error';
    default:
      return 'info';
  }
}
