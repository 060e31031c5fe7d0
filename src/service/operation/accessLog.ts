import { Status } from 'nice-grpc-common';

import type { Logger } from '../../logger.js';
import type { CallObserver } from './endedCall.js';

type Level = keyof Logger;

/** Methods that change something: the log shows who changed what. */
const CHANGES = new Set(['CreateMicrogridDispatch', 'UpdateMicrogridDispatch', 'DeleteMicrogridDispatch']);

/** Maximum length of a reason. */
const MAX_REASON_LENGTH = 300;

/**
 * Creates an observer that logs a line for each call: writes and invalid requests at `info`, reads at `debug`, rejected callers and
 * calls that could not be served at `warn`, failures of the service at `error`.
 *
 * No line contains the content of a call: neither its metadata nor its data.
 *
 * @param stopping - whether the service is stopping, so that calls that it cannot serve are expected.
 */
export function accessLog(logger: Logger, stopping: () => boolean): CallObserver {
  return ({ status, durationMs, streaming, reason, unserved = false, ...call }) => {
    const fields = {
      ...call,
      status: Status[status],
      ms: Math.round(durationMs * 10) / 10,
      ...(reason !== undefined && { reason: reason.slice(0, MAX_REASON_LENGTH) }),
    };
    logger[levelOf(status, call.method, { unserved, stopping: stopping() })](fields, streaming ? 'stream' : 'call');
  };
}

function levelOf(
  status: Status,
  method: string,
  { unserved, stopping }: { readonly unserved: boolean; readonly stopping: boolean },
): Level {
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
      // So answers grpc-js what it cannot inflate.
      return unserved ? 'info' : 'error';
    default:
      return 'info';
  }
}
