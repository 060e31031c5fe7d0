import type { CallOptions, Metadata } from 'nice-grpc-common';
import type { MicrogridDispatchServiceDefinition } from '../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import type { OperationsDefinition } from '../../proto/gen/xstate_dispatch/v1/operations.js';
import type { DispatchErrorDetails } from '../model/dispatchError.js';
import type { TracedCall } from '../telemetry/clientTrace.js';
import { STATUS_DETAILS } from '../wire/badRequest.js';
import { encodeNote, NOTE } from '../wire/note.js';
import { Attempts, type AttemptsSetup, type CallKind, callMetadata } from './attempts.js';
import { type OpenCall, OpenCalls } from './openCalls.js';
import { toDispatchError } from './toDispatchError.js';

/** Options of {@link ServiceCalls}. */
export interface ServiceCallsSetup extends AttemptsSetup {
  readonly callTimeoutMs: number;
  readonly streamTimeoutMs: number;
  /** What the error of a call without a result says beside that. @default nothing */
  readonly lateHint: string | undefined;
  /** Begins to trace a call. */
  readonly trace: TraceMethod;
}

/** Options of every call. */
export interface CallSignal {
  /** Aborts the call, also while it waits for a retry; it rejects with the reason, by default an `AbortError`. */
  readonly signal?: AbortSignal;
}

/** The ids that a call is about, and the signal that ends it. */
interface CallSubject {
  readonly ids: DispatchErrorDetails;
  readonly signal: AbortSignal | undefined;
}

/** Options of every write. */
export interface WriteOptions extends CallSignal {
  /** Note for the audit of the service: at most 500 bytes in UTF-8. Services without an audit ignore it. @default none */
  readonly note?: string | undefined;
}

/** A method of the services, by its name in the client. */
export type Method =
  | keyof typeof MicrogridDispatchServiceDefinition.methods
  | keyof typeof OperationsDefinition.methods;

/** Begins to trace a call of a method; undefined: nobody is interested. */
export type TraceMethod = (method: Method) => TracedCall | undefined;

/** A call with one response. */
export interface UnaryCall<Request, Answer> extends CallSubject {
  readonly method: Method;
  readonly kind: CallKind;
  /** False: no retries. */
  readonly retry?: false | undefined;
  /** Note for the audit. */
  readonly note?: string | undefined;
  readonly encode: () => Request;
  readonly send: (request: Request, options: CallOptions) => Promise<Answer>;
}

/** A call whose response is a stream. */
export interface StreamCall<Message> extends CallSubject {
  readonly method: Method;
  readonly open: (options: CallOptions) => AsyncIterable<Message>;
  /** Metadata of the request, by name. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  /** Called when the headers of the service have arrived. */
  readonly onOpen: (header: Metadata) => void;
}

/** Calls the service for a client: each call with a deadline and retries, and its error as a `DispatchError`. */
export class ServiceCalls {
  readonly #openCalls: OpenCalls;
  readonly #attempts: Attempts;
  readonly #callTimeoutMs: number;
  readonly #streamTimeoutMs: number;
  readonly #trace: TraceMethod;

  /** @throws DispatchError INVALID_ARGUMENT when the number of attempts is invalid. */
  constructor({ callTimeoutMs, streamTimeoutMs, lateHint, trace, ...attempts }: ServiceCallsSetup) {
    this.#openCalls = new OpenCalls(lateHint);
    this.#attempts = new Attempts(attempts);
    this.#callTimeoutMs = callTimeoutMs;
    this.#streamTimeoutMs = streamTimeoutMs;
    this.#trace = trace;
  }

  async make<Request, Answer>(unary: UnaryCall<Request, Answer>): Promise<Answer> {
    const { kind, method, encode, retry, note } = unary;
    const call = this.#openCalls.open({ ...unary, timeoutMs: this.#callTimeoutMs });
    const traced = this.#trace(method);
    const send = traced === undefined ? unary.send : tracedSend(unary.send, traced);
    let trailer = new TrailerDetails();
    try {
      const request = encode();
      const noteBytes = note === undefined ? undefined : encodeNote(note);
      const attempt = (options: CallOptions) => {
        trailer = new TrailerDetails();
        if (noteBytes !== undefined) options.metadata?.set(NOTE, noteBytes);
        return send(request, { ...options, onTrailer: trailer.take });
      };
      const answer = await this.#attempts.make(kind, call, attempt, retry === false);
      traced?.end();
      return answer;
    } catch (error) {
      const failure = failureOf(error, call, unary, trailer);
      traced?.end(failure);
      throw failure;
    } finally {
      call.end();
    }
  }

  /** The messages of a stream, which is opened with the request for the first one, and never reopened. */
  async *stream<Message>(stream: StreamCall<Message>): AsyncGenerator<Message, void, void> {
    const call = this.#openCalls.open({ ...stream, timeoutMs: this.#streamTimeoutMs });
    try {
      yield* this.#messages(stream, call);
    } finally {
      call.end();
    }
  }

  async *#messages<Message>(stream: StreamCall<Message>, call: OpenCall): AsyncGenerator<Message, void, void> {
    const traced = this.#trace(stream.method);
    for (let asksAnew = this.#attempts.mayAskAnew; ; asksAnew = false) {
      let isOpen = false;
      const trailer = new TrailerDetails();
      const onHeader = (header: Metadata) => {
        isOpen = true;
        traced?.end();
        this.#attempts.noteHeader(header);
        stream.onOpen(header);
      };
      const metadata = callMetadata(call);
      for (const [name, value] of Object.entries(stream.metadata ?? {})) metadata.set(name, value);
      traced?.inject(metadata);
      try {
        yield* stream.open({
          signal: call.signal,
          metadata,
          onHeader,
          onTrailer: trailer.take,
        });
        traced?.end();
        return;
      } catch (error) {
        // A stream whose credentials were rejected was never open, so nothing was lost.
        if (this.#attempts.noteRejection(error) && asksAnew && !isOpen) {
          traced?.attemptFailed(error);
          continue;
        }
        const failure = failureOf(error, call, stream, trailer);
        traced?.end(failure);
        throw failure;
      }
    }
  }

  /** A sequence of calls: pending calls of it end with it. */
  sequence(subject: CallSubject): OpenCall {
    return this.#openCalls.open({ ...subject, timeoutMs: Number.POSITIVE_INFINITY });
  }

  get isClosed(): boolean {
    return this.#openCalls.isClosed;
  }

  /** Ends the pending calls, and refuses new ones. */
  close(): void {
    this.#openCalls.close();
  }
}

/** The details that come with the status of a call that failed. */
class TrailerDetails {
  bytes: Uint8Array | undefined;
  readonly take = (trailer: Metadata) => {
    this.bytes = trailer.get(STATUS_DETAILS);
  };
}

/** Sends the attempts at a call with its trace. */
function tracedSend<Request, Answer>(
  send: UnaryCall<Request, Answer>['send'],
  traced: TracedCall,
): UnaryCall<Request, Answer>['send'] {
  return async (request, options) => {
    if (options.metadata !== undefined) traced.inject(options.metadata);
    try {
      return await send(request, options);
    } catch (error) {
      traced.attemptFailed(error);
      throw error;
    }
  };
}

/** The error of a call: the reason for which it was ended early, otherwise its own error. */
function failureOf(error: unknown, call: OpenCall, { ids, signal }: CallSubject, trailer: TrailerDetails): unknown {
  if (signal?.aborted) return signal.reason;
  return call.signal.aborted ? call.signal.reason : toDispatchError(error, ids, trailer.bytes);
}
