import { Status } from 'nice-grpc-common';

import type { Logger } from '../../logger.js';
import { neededAccess } from '../access/methodAccess.js';
import type { CallObserver, EndedCall } from './endedCall.js';
import { lineLimit } from './lineLimit.js';

type Level = keyof Logger;

/** Maximum length of a reason. */
const MAX_REASON_LENGTH = 300;
/** Maximum number of refusals of a key that are logged in a second; of callers without a key, of all together. */
const REFUSALS_PER_SECOND = 10;

/** The log of calls. */
export interface AccessLog {
  readonly callEnded: CallObserver;
  /** Logs how many refusals were left out so far. */
  flush(): void;
}

/**
 * Creates a log with a line for each call: writes and invalid requests at `info`, reads at `debug`, rejected callers and
 * calls that could not be served at `warn`, failures of the service at `error`. Of refusals beyond ten a second of a key only their number is
 * logged.
 *
 * No line contains the content of a call: neither its metadata nor its data.
 *
 * @param stopping - whether the service is stopping, so that calls that it cannot serve are expected.
 */
export function accessLog(logger: Logger, stopping: () => boolean): AccessLog {
  const refusals = lineLimit(REFUSALS_PER_SECOND, (key, leftOut) => {
    logger.warn({ ...(key !== '' && { key }), leftOut }, 'more calls were refused than are logged');
  });
  return {
    callEnded(ended) {
      const { status, durationMs, streaming, reason, unserved = false, ...call } = ended;
      if (isRefusal(ended) && !refusals.take(call.key ?? '')) return;
      const fields = {
        ...call,
        status: Status[status],
        ms: Math.round(durationMs * 10) / 10,
        ...(reason !== undefined && { reason: reason.slice(0, MAX_REASON_LENGTH) }),
      };
      logger[levelOf(ended, stopping())](fields, streaming ? 'stream' : 'call');
    },
    flush: refusals.flush,
  };
}

/** Whether the service could have served the call, and would not. */
function isRefusal({ status, unserved }: EndedCall): boolean {
  switch (status) {
    case Status.OK:
    case Status.CANCELLED:
      return false;
    case Status.INTERNAL:
    case Status.UNKNOWN:
      return unserved === true;
    default:
      return true;
  }
}

function levelOf(call: EndedCall, stopping: boolean): Level {
  switch (call.status) {
    case Status.OK:
      // The log shows who changed what.
      return neededAccess(call.method) === 'write' ? 'info' : 'debug';
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
      return isRefusal(call) ? 'info' : 'error';
    default:
      return 'info';
  }
}
