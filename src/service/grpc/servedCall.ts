import type { Deadline, Metadata } from '@grpc/grpc-js';

import type { CallAccess } from '../access/callAccess.js';

/** What calls of grpc-js have in common. */
export interface GrpcCall {
  readonly metadata: Metadata;
  readonly cancelled: boolean;
  getPeer(): string;
  getDeadline(): Deadline;
  sendMetadata(metadata: Metadata): void;
  once(event: 'cancelled', listener: () => void): unknown;
}

/** A call while it is served, as handlers get it. */
export class ServedCall {
  /** The path of its method, such as `/package.Service/Method`. */
  readonly path: string;
  readonly access: CallAccess;
  /** The dispatch that it has created, if it did. */
  createdId: number | undefined;
  /** Headers of the answer over HTTP to a call that is no stream, where another service has answered. */
  answerHeaders: Metadata | undefined;
  readonly #call: GrpcCall;
  readonly #onHeaders: (() => void) | undefined;
  #aborting: AbortController | undefined;
  #hasEnded = false;

  /** @param onHeaders - is called when the handler sends headers. */
  constructor(path: string, call: GrpcCall, access: CallAccess, onHeaders?: () => void) {
    this.path = path;
    this.access = access;
    this.#call = call;
    this.#onHeaders = onHeaders;
  }

  get metadata(): Metadata {
    return this.#call.metadata;
  }

  /** Address and port of the caller, such as `127.0.0.1:40000`. */
  get peer(): string {
    return this.#call.getPeer();
  }

  /** When its caller waits no longer, in milliseconds since the epoch; infinite when the caller did not say. */
  get deadlineMs(): number {
    return Number(this.#call.getDeadline());
  }

  get isCancelled(): boolean {
    return this.#call.cancelled;
  }

  /** Aborts when the call is cancelled, or when the access of a stream is revoked. Made when it is asked for: few calls need it. */
  get signal(): AbortSignal {
    return this.#abortable().signal;
  }

  /** Sends headers, before any response. */
  sendHeaders(headers: Metadata): void {
    this.#call.sendMetadata(headers);
    this.#onHeaders?.();
  }

  /** Ends what serves the call. */
  abort(reason: Error): void {
    if (!this.#hasEnded) this.#abortable().abort(reason);
  }

  /** It is no longer served: its signal aborts no more. */
  end(): void {
    this.#hasEnded = true;
  }

  #abortable(): AbortController {
    if (this.#aborting) return this.#aborting;
    const controller = new AbortController();
    this.#aborting = controller;
    if (this.#call.cancelled) controller.abort();
    // grpc-js also says so of calls that have ended by themselves.
    else this.#call.once('cancelled', () => !this.#hasEnded && controller.abort());
    return controller;
  }
}
