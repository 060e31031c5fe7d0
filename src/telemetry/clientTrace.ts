import type { Metadata } from 'nice-grpc-common';

/** A call that is traced, with all its attempts. It must not throw. */
export interface TracedCall {
  /** Adds the trace to the metadata of an attempt. */
  inject(metadata: Metadata): void;
  /** An attempt failed, and perhaps another one follows. */
  attemptFailed(error: unknown): void;
  /** The call has ended, with its error if it failed; a stream also ends with its opening. Only the first time counts. */
  end(error?: unknown): void;
}

/**
 * Begins to trace a call; undefined: nobody is interested.
 *
 * @param path Path of its method, such as `/package.Service/Method`.
 */
export type TraceCall = (path: string) => TracedCall | undefined;
