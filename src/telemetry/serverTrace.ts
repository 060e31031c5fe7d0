import type { Metadata } from '@grpc/grpc-js';
import type { Status } from 'nice-grpc-common';

/** How a call ended. */
export interface CallEnd {
  readonly status: Status;
  /** The message of an error, as the caller got it. */
  readonly reason?: string | undefined;
}

/** A call that is traced while it is served. It must not throw. */
export interface TracedCall {
  /** Runs the handler within the trace. */
  within<Answer>(handler: () => Answer): Answer;
  /** The call has ended; a stream also ends with its opening. Only the first time counts. */
  end(end: CallEnd): void;
}

/**
 * Begins to trace a call; undefined: nobody is interested.
 *
 * @param path Path of its method, such as `/package.Service/Method`.
 */
export type TraceCall = (
  path: string,
  call: { readonly metadata: Metadata; readonly peer: string },
) => TracedCall | undefined;
