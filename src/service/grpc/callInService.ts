import { setTimeout as pause } from 'node:timers/promises';
import { Status } from 'nice-grpc-common';

import type { Logger } from '../../logger.js';
import { DispatchError } from '../../model/dispatchError.js';
import type { TraceCall, TracedCall } from '../../telemetry/serverTrace.js';
import { type AdmittedCall, admittedCall } from '../access/callAccess.js';
import { BYTES_PER_CALL } from '../access/callLimiter.js';
import { ANYBODY, type KeyRing } from '../access/keyRing.js';
import { methodOf } from '../access/methodAccess.js';
import type { CallObserver, EndedCall } from '../operation/endedCall.js';
import { authorize, makeRevocable } from './authorize.js';
import { type ErrorStatus, errorStatus } from './errorStatus.js';
import type { Method } from './handlers.js';
import { type GrpcCall, ServedCall } from './servedCall.js';

type RequestType = Method['requestType'];

/** How often a request that exceeds the rate of its key tries again. */
const RETRY_MS = 50;

/** What serving calls needs. */
export interface CallServing {
  /** null accepts every caller. */
  readonly keys: KeyRing | null;
  readonly logger: Logger;
  /** Are told of each call once it has ended. */
  readonly observers: readonly CallObserver[];
  /** Begins to trace a call. */
  readonly trace?: TraceCall | undefined;
}

/** What goes around the handler of a call: before it, and when it has ended. */
export class CallInService {
  /** What the handler gets. */
  readonly call: ServedCall;
  readonly #isStream: boolean;
  readonly #serving: CallServing;
  readonly #admitted: AdmittedCall;
  readonly #traced: TracedCall | undefined;
  readonly #startMs = performance.now();
  #request: unknown;
  #release: (() => void) | undefined;

  constructor(grpcCall: GrpcCall, path: string, isStream: boolean, serving: CallServing) {
    this.#admitted = admittedCall(grpcCall.metadata);
    this.#admitted.serve();
    this.#isStream = isStream;
    this.#serving = serving;
    this.call = new ServedCall(path, grpcCall, this.#admitted.access, () => this.#opened());
    this.#traced = serving.trace?.(path, this.call);
  }

  /**
   * Counts the request of a call, decodes it, and checks the access of the call.
   *
   * @param size - how many bytes arrived.
   * @throws DispatchError RESOURCE_EXHAUSTED, INVALID_ARGUMENT, PERMISSION_DENIED
   */
  accept(bytes: Uint8Array, type: RequestType, size = bytes.length): unknown {
    this.#admitted.charge(size);
    return this.authorize(this.decode(bytes, type));
  }

  /** Counts one of a stream of requests, which waits when its key exceeds the rate: limits on requests end no stream. */
  async chargeInTurn(bytes: Uint8Array): Promise<void> {
    for (;;) {
      try {
        return this.#admitted.charge(bytes.length + BYTES_PER_CALL);
      } catch {
        await pause(RETRY_MS, undefined, { signal: this.call.signal });
      }
    }
  }

  /**
   * Decodes a request.
   *
   * @throws DispatchError INVALID_ARGUMENT when it cannot be decoded.
   */
  decode(bytes: Uint8Array, type: RequestType): unknown {
    try {
      return type.decode(bytes);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new DispatchError('INVALID_ARGUMENT', `the request cannot be decoded: ${reason}`);
    }
  }

  /**
   * Checks the access of the call.
   *
   * @param request - what it asks for; null for a stream of requests, of which none is about a microgrid.
   * @returns the request.
   * @throws DispatchError PERMISSION_DENIED
   */
  authorize<Request>(request: Request): Request {
    this.#request = request;
    authorize(this.call, request);
    if (!this.#isStream) return request;
    const unrevocable = makeRevocable(this.call, request, this.#serving.keys);
    const leave = this.#admitted.endWithConnection(() => this.call.abort(connectionEnds()));
    this.#release = () => {
      unrevocable();
      leave();
    };
    return request;
  }

  /** Runs the handler of a call that is no stream. */
  run<Response>(handler: () => Promise<Response>): Promise<Response> {
    return this.#traced ? this.#traced.within(handler) : handler();
  }

  /** The handler has answered. */
  answered(): void {
    // Nobody waits for the answer to a call that was cancelled.
    if (this.call.isCancelled) this.#cancelled();
    else this.#end(Status.OK);
  }

  /** The handler, or what comes before it, has failed. Returns the status for the caller. */
  failed(error: unknown): ErrorStatus {
    const status = errorStatus(error, this.call.path, this.#serving.logger);
    if (status.code === Status.CANCELLED) this.#cancelled();
    else this.#end(status.code, status.details);
    return status;
  }

  /** By its caller, or by grpc-js: past its deadline, or by a request that it cannot read. */
  #cancelled(): void {
    const sent = this.#admitted.statusSent();
    this.#end(sent?.status ?? Status.CANCELLED, sent?.details);
  }

  /** The span of a stream covers its opening. */
  #opened(): void {
    if (this.#isStream) this.#traced?.end({ status: Status.OK });
  }

  #end(status: Status, reason?: string): void {
    const { path, peer, access, createdId } = this.call;
    const { microgridId, dispatchId } = idsOf(this.#request);
    this.call.end();
    this.#release?.();
    this.#admitted.served();
    const ended: EndedCall = {
      method: methodOf(path),
      microgrid: exactId(microgridId),
      dispatch: createdId ?? exactId(dispatchId),
      key: access.apiKey === ANYBODY ? undefined : access.apiKey.name,
      peer,
      streaming: this.#isStream,
      status,
      reason,
      durationMs: performance.now() - this.#startMs,
    };
    for (const observe of this.#serving.observers) observe(ended);
    this.#traced?.end(ended);
  }
}

function connectionEnds(): DispatchError {
  return new DispatchError('UNAVAILABLE', 'the connection has reached its age, and the stream must be opened again');
}

/** The ids of a request. */
function idsOf(request: unknown): { readonly microgridId?: bigint; readonly dispatchId?: bigint } {
  return typeof request === 'object' && request !== null ? request : {};
}

function exactId(id: bigint | undefined): number | string | undefined {
  if (id === undefined) return undefined;
  return id <= Number.MAX_SAFE_INTEGER ? Number(id) : String(id);
}
