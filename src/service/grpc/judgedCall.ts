import type { ServerHttp2Stream } from 'node:http2';
import {
  type Metadata,
  ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  type ServerMethodDefinition,
} from '@grpc/grpc-js';
import { Status } from 'nice-grpc-common';

import { type AdmittedCall, attachAdmitted, type CallAccess } from '../access/callAccess.js';
import type { Admission, CallGate } from '../access/callGate.js';
import { ANYBODY, type Caller } from '../access/keyRing.js';
import { methodOf } from '../access/methodAccess.js';
import type { CallObserver } from '../operation/endedCall.js';
import type { ArrivalLimit, AwaitedCall } from './arrivalLimit.js';
import { endResponse, http2StreamOf, sentStatus, whenReset } from './http2Stream.js';
import type { PacedRefusals } from './pacedRefusals.js';
import { type PeerConnection, type PeerConnectionOptions, peerConnection } from './peerConnection.js';

/** What the calls of a server are judged with. */
export interface Judging extends PeerConnectionOptions {
  readonly gate: CallGate;
  readonly paced: PacedRefusals;
  readonly arrivals: ArrivalLimit;
  /** What is told of a request that does not arrive in time. */
  readonly tooLate: string;
  /** Are told of each call that ends before it is served. */
  readonly observers: readonly CallObserver[];
}

type Method = ServerMethodDefinition<unknown, unknown>;
type Listener = Parameters<ServerInterceptingCall['start']>[0];

/** A call that is judged when its headers arrive. It listens to grpc-js itself: each step between would cost time for each call. */
export class JudgedCall extends ServerInterceptingCall implements AdmittedCall, AwaitedCall, Listener {
  readonly startMs = performance.now();
  readonly #method: Method;
  readonly #call: ServerInterceptingCallInterface;
  readonly #judging: Judging;
  readonly #stream: ServerHttp2Stream;
  /** Absent when it is closed already. */
  readonly #connection: PeerConnection | undefined;
  #listener: Listener | undefined;
  #admission: Admission | undefined;
  #leaveConnection: (() => void) | undefined;
  #caller: Caller | undefined;
  #dropRefusal: (() => void) | null = null;
  #hasArrived = false;
  /** Whether it is told of by others, or was told of. */
  #isReported = false;
  #isServing = false;
  /** Whether nothing of it arrives any more. */
  #isOver = false;

  constructor(method: Method, call: ServerInterceptingCallInterface, judging: Judging) {
    super(call);
    this.#method = method;
    this.#call = call;
    this.#judging = judging;
    this.#stream = http2StreamOf(call);
    const { session } = this.#stream;
    this.#connection = session && peerConnection(session, judging);
  }

  override start(listener: Listener): void {
    this.#listener = listener;
    this.#call.start(this);
  }

  override sendMetadata(metadata: Metadata): void {
    this.#call.sendMetadata(metadata);
  }

  override sendMessage(message: unknown, sent: () => void): void {
    this.#call.sendMessage(message, sent);
  }

  override sendStatus(status: Parameters<ServerInterceptingCall['sendStatus']>[0]): void {
    this.#call.sendStatus(status);
  }

  onReceiveMetadata(metadata: Metadata): void {
    this.#connection?.callBegun();
    if (!this.#admit(metadata)) return;
    if (!this.#method.requestStream) this.#judging.arrivals.add(this);
    this.#listener?.onReceiveMetadata(metadata);
  }

  onReceiveMessage(message: unknown): void {
    if (this.#isOver) return;
    this.#listener?.onReceiveMessage(message);
  }

  onReceiveHalfClose(): void {
    // A reset looks like an end, too.
    if (this.#isOver || this.#stream.closed) return;
    this.#judging.arrivals.delete(this);
    this.#hasArrived = true;
    this.#listener?.onReceiveHalfClose();
  }

  onCancel(): void {
    this.#end();
    this.#listener?.onCancel();
  }

  onLate(): void {
    this.#refuse(Status.DEADLINE_EXCEEDED, this.#judging.tooLate);
  }

  get access(): CallAccess {
    if (!this.#admission) throw new Error('the call was not let in');
    return this.#admission.access;
  }

  charge(bytes: number): void {
    this.#judging.gate.charge(this.access, bytes);
  }

  endWithConnection(end: () => void): () => void {
    return this.#connection?.streamBegun(end) ?? (() => {});
  }

  statusSent(): ReturnType<AdmittedCall['statusSent']> {
    return sentStatus(this.#stream);
  }

  serve(): void {
    this.#isReported = true;
    this.#isServing = true;
  }

  served(): void {
    this.#isServing = false;
    // A caller that cancels has not left before: otherwise it could have any number served.
    if (this.#isOver) this.#leave();
  }

  #admit(metadata: Metadata): boolean {
    const { gate, paced } = this.#judging;
    const verdict = gate.judge(headersOf(metadata, this.#method, this.#call));
    if ('refusal' in verdict) {
      const status = Status[verdict.refusal.code as keyof typeof Status];
      const { message } = verdict.refusal;
      this.#caller = verdict.caller;
      this.#isReported = true;
      this.#report(status, message);
      const send = () => this.#refuse(status, message);
      this.#dropRefusal = paced.add(send);
      if (this.#dropRefusal === null && !this.#connection?.endStranger()) send();
      return false;
    }
    this.#admission = verdict;
    const { apiKey } = verdict.access;
    if (apiKey !== ANYBODY) this.#caller = apiKey;
    if (!verdict.isHealth) this.#leaveConnection = this.#connection?.callLetIn();
    attachAdmitted(metadata, this);
    return true;
  }

  #leave(): void {
    this.#admission?.leave();
    this.#leaveConnection?.();
  }

  #refuse(code: Status, details: string): void {
    this.#call.sendStatus({ code: code as number, details });
    endResponse(this.#stream);
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#judging.arrivals.delete(this);
    this.#dropRefusal?.();
    // Otherwise it is closed by itself.
    if (!this.#hasArrived) endResponse(this.#stream);
    if (this.#isServing) return;
    this.#leave();
    const wasServed = this.#hasArrived && this.#isReported;
    if (!wasServed) whenReset(this.#stream, () => this.#connection?.callReset());
    if (this.#isReported) return;
    const sent = sentStatus(this.#stream);
    this.#report(sent?.status ?? Status.CANCELLED, sent?.details);
  }

  #report(status: Status, reason: string | undefined): void {
    const { path, responseStream: streaming } = this.#method;
    const ended = {
      method: methodOf(path),
      key: this.#caller?.name,
      peer: this.#call.getPeer(),
      streaming,
      status,
      reason,
      durationMs: performance.now() - this.startMs,
      unserved: true as const,
    };
    for (const observe of this.#judging.observers) observe(ended);
  }
}

function headersOf(metadata: Metadata, { path, responseStream }: Method, call: ServerInterceptingCallInterface) {
  return {
    path,
    isStream: responseStream,
    address: call.getConnectionInfo().remoteAddress ?? '',
    key: onlyValue(metadata, 'key'),
    ts: onlyValue(metadata, 'ts'),
    nonce: onlyValue(metadata, 'nonce'),
    sig: onlyValue(metadata, 'sig'),
  };
}

/** The value of a header; empty when there is none, or more than one. */
function onlyValue(metadata: Metadata, name: string): string {
  const values = metadata.get(name);
  const [value] = values;
  return typeof value === 'string' && values.length === 1 ? value : '';
}
