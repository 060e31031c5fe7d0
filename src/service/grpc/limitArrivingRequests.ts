import { type Metadata, ServerInterceptingCall, type ServerInterceptor, status } from '@grpc/grpc-js';

/** Limits on requests that are being received. */
export interface ArrivalLimits {
  /** Time within which a request must arrive after its headers. */
  readonly timeMs: number;
  /** Whether the sender of a request is known, by its headers. */
  isKnown(metadata: Metadata): boolean;
  /** Maximum number of requests of unknown senders that are arriving at the same time. */
  readonly maxUnknown: number;
}

/**
 * Limits the memory of arriving requests, which are read before their senders are authenticated: a request that does not arrive in
 * time ends with DEADLINE_EXCEEDED, one too many of unknown senders with RESOURCE_EXHAUSTED before it is read.
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
                refuse(status.RESOURCE_EXHAUSTED, 'too many requests without a valid API key are arriving');
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
