import { ServerInterceptingCall, type ServerInterceptor, status } from '@grpc/grpc-js';

/** How long a request may take to arrive once its headers have. */
const TIME_MS = 10_000;

/** Ends calls whose request does not arrive: who never sends it must not hold what has arrived, nor the call. */
export const receiveInTime: ServerInterceptor = (_, call) => {
  const late = setTimeout(() => {
    const details = `the request did not arrive within ${TIME_MS / 1000} s`;
    call.sendStatus({ code: status.DEADLINE_EXCEEDED, details });
  }, TIME_MS);
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
