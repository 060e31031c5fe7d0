import { ServerInterceptingCall, type ServerInterceptor, status } from '@grpc/grpc-js';

/**
 * Ends calls whose request does not arrive in time: who never sends it must hold neither the call nor what has arrived.
 *
 * @param timeMs - how long a request may take once its headers are there.
 */
export function receiveInTime(timeMs: number): ServerInterceptor {
  return (_, call) => {
    const late = setTimeout(() => {
      const details = `the request did not arrive within ${timeMs / 1000} s`;
      call.sendStatus({ code: status.DEADLINE_EXCEEDED, details });
    }, timeMs).unref();
    return new ServerInterceptingCall(call, {
      start: next =>
        next({
          onReceiveHalfClose(pass) {
            clearTimeout(late);
            pass();
          },
          onCancel() {
            clearTimeout(late);
          },
        }),
    });
  };
}
