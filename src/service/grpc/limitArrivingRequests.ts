import { type Metadata, ServerInterceptingCall, type ServerInterceptor, status } from '@grpc/grpc-js';

/** How to receive requests. */
export interface ArrivalLimits {
  /** How long a request may take to arrive once its headers are there. */
  readonly timeMs: number;
  /** Whether somebody known sends a request, going by its headers. */
  isKnown(metadata: Metadata): boolean;
  /** How many requests of others may be arriving at the same time. */
  readonly maxUnknown: number;
}

/**
 * Bounds what arriving requests hold, for they are read before it is known who sends them: a request that does not arrive
 * in time ends with DEADLINE_EXCEEDED, one too many of an unknown sender with RESOURCE_EXHAUSTED before it is read.
 */
export function limitArrivingRequests({ timeMs, isKnown, maxUnknown }: ArrivalLimits): ServerInterceptor {
  let unknown = 0;
  return (_, call) => {
    let counted = false;
    const refuse = (code: status, details: string) => call.sendStatus({ code, details });
    const late = setTimeout(() => {
      arrived();
      refuse(status.DEADLINE_EXCEEDED, `the request did not arrive within ${timeMs / 1000} s`);
    }, timeMs).unref();

    function arrived(): void {
      clearTimeout(late);
      if (counted) unknown -= 1;
      counted = false;
    }

    return new ServerInterceptingCall(call, {
      start: next =>
        next({
          onReceiveMetadata(metadata, pass) {
            if (!isKnown(metadata)) {
              if (unknown >= maxUnknown) {
                clearTimeout(late);
                refuse(status.RESOURCE_EXHAUSTED, 'too many calls without a right key are arriving');
                return;
              }
              unknown += 1;
              counted = true;
            }
            pass(metadata);
          },
          onReceiveHalfClose(pass) {
            arrived();
            pass();
          },
          onCancel: arrived,
        }),
    });
  };
}
