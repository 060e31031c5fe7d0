import type { CallContext, Status } from 'nice-grpc-common';

/** How a call ended. */
export interface CallEnd {
  readonly status: Status;
  /** The message of an error, as the caller got it. */
  readonly reason?: string | undefined;
}

/** A call that is traced while it is served. It must not throw. */
export interface TracedCall {
  /** The answer of the handler, which then runs within the trace. */
  within<Item, End>(answer: AsyncGenerator<Item, End, undefined>): AsyncGenerator<Item, End, undefined>;
  /** The call has ended; a stream also ends with its opening. Only the first time counts. */
  end(end: CallEnd): void;
}

/**
 * Begins to trace a call; undefined: nobody is interested.
 *
 * @param path Path of its method, such as `/package.Service/Method`.
 */
export type TraceCall = (path: string, context: Pick<CallContext, 'metadata' | 'peer'>) => TracedCall | undefined;
