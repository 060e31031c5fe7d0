import type { Status } from 'nice-grpc-common';

/** A call that has ended. */
export interface EndedCall {
  /** The method without its service, such as `CreateMicrogridDispatch`. */
  readonly method: string;
  /** Its microgrid and its dispatch; a string above 2^53-1. */
  readonly microgrid?: number | string | undefined;
  readonly dispatch?: number | string | undefined;
  /** The name of its API key. Never the key itself. */
  readonly key?: string | undefined;
  /** Address and port of the caller. */
  readonly peer: string;
  /** Whether it is a stream, whose duration depends on its caller. */
  readonly streaming: boolean;
  readonly status: Status;
  /** The message of an error, as the caller got it. */
  readonly reason?: string | undefined;
  readonly durationMs: number;
  /** Set when it was refused, or ended, before it was served: by its headers, or because its request did not arrive as a whole. */
  readonly unserved?: true;
}

/** Is called for each call once it has ended. */
export type CallObserver = (call: EndedCall) => void;
