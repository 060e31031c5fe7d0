import type { Metadata } from '@grpc/grpc-js';
import { Status } from 'nice-grpc-common';

import { DispatchError } from '../../model/dispatchError.js';
import { type AdmittedCall, attachAdmitted, type CallAccess } from '../access/callAccess.js';
import type { Admission } from '../access/callGate.js';
import { ANYBODY, type Caller } from '../access/keyRing.js';
import { methodOf } from '../access/methodAccess.js';
import type { AwaitedCall } from '../grpc/arrivalLimit.js';
import { spreadAge } from '../grpc/connectionAge.js';
import type { ErrorStatus } from '../grpc/errorStatus.js';
import { endResponse, whenReset } from '../grpc/http2Stream.js';
import type { PeerConnection } from '../grpc/peerConnection.js';
import type { GrpcCall } from '../grpc/servedCall.js';
import { callMetadata, checkHeaders } from './callMetadata.js';
import { type Deadline, deadline } from './deadline.js';
import { keepsConnection } from './keepsConnection.js';
import { readBody, saysTooLarge, tooLarge } from './requestMessage.js';
import { WebAnswer } from './webAnswer.js';
import { statusOf, type WebExchange, type WebJudging } from './webExchange.js';
import { http2StreamOf } from './webPeer.js';

/** A call over HTTP, to what serves it a call like one over gRPC. It is judged when its headers have arrived. */
export class WebCall implements GrpcCall, AdmittedCall, AwaitedCall {
  readonly startMs = performance.now();
  readonly exchange: WebExchange;
  readonly metadata: Metadata;
  readonly answer: WebAnswer;
  cancelled = false;
  readonly #judging: WebJudging;
  readonly #connection: PeerConnection | null;
  readonly #deadline: Deadline;
  readonly #late: Promise<never>;
  #endWaiting: (reason: Error) => void = () => {};
  #onCancelled: (() => void)[] = [];
  #admission: Admission | undefined;
  #caller: Caller | undefined;
  #leaveConnection: (() => void) | undefined;
  #dropRefusal: (() => void) | null = null;
  /** How it was ended before it was served, or while it was. */
  #told: { readonly status: Status; readonly details: string } | null = null;
  #isReported = false;
  #isServing = false;
  #isOver = false;

  constructor(exchange: WebExchange, judging: WebJudging) {
    const { request, response, peer, protocol } = exchange;
    this.exchange = exchange;
    this.#judging = judging;
    this.#connection = peer.connection;
    this.metadata = callMetadata(request.headers);
    this.answer = new WebAnswer(response, protocol);
    this.#late = new Promise((_, reject) => {
      this.#endWaiting = reject;
    });
    this.#late.catch(() => {});
    this.#deadline = deadline(request.headers[protocol.timeoutHeader], protocol, () => this.#onDeadline());
    response.once('close', () => this.#close());
  }

  /** Judges the call; when it is not let in it is refused. */
  admit(): boolean {
    this.#connection?.callBegun();
    const { request, peer, method } = this.exchange;
    const header = (name: string) => String(request.headers[name] ?? '');
    const verdict = this.#judging.gate.judge({
      path: method.path,
      isStream: method.isStream,
      address: peer.address,
      key: header('key'),
      ts: header('ts'),
      nonce: header('nonce'),
      sig: header('sig'),
    });
    if ('refusal' in verdict) {
      this.#caller = verdict.caller;
      this.#refuseInTurn(statusOf(verdict.refusal));
      return false;
    }
    this.#admission = verdict;
    const { apiKey } = verdict.access;
    if (apiKey !== ANYBODY) this.#caller = apiKey;
    if (!verdict.isHealth) this.#leaveConnection = this.#connection?.callLetIn();
    attachAdmitted(this.metadata, this);
    return true;
  }

  /**
   * Receives the body of the request.
   *
   * @throws DispatchError when it is too large or late, or one of its headers was malformed; or an error when the peer is gone.
   */
  async receive(): Promise<Buffer> {
    const { request } = this.exchange;
    const { arrivals, requestBytes } = this.#judging;
    if (this.#deadline.problem) throw this.#deadline.problem;
    checkHeaders(request.headers);
    if (saysTooLarge(request, requestBytes)) throw tooLarge(requestBytes);
    arrivals.add(this);
    try {
      return await readBody(request, requestBytes, this.#late);
    } finally {
      arrivals.delete(this);
    }
  }

  onLate(): void {
    this.#endWaiting(new DispatchError('DEADLINE_EXCEEDED', this.#judging.tooLate));
  }

  /** Ends a call that was let in, and is not served. */
  refuse(error: DispatchError): void {
    const status = statusOf(error);
    this.#told = { status: status.code, details: status.details };
    this.#answerRefused(status);
  }

  sendMetadata(headers: Metadata): void {
    this.answer.open(headers);
  }

  getPeer(): string {
    const { address, port } = this.exchange.peer;
    return `${address}:${port}`;
  }

  getDeadline(): number {
    return this.#deadline.atMs;
  }

  once(_: 'cancelled', listener: () => void): void {
    this.#onCancelled.push(listener);
  }

  get access(): CallAccess {
    if (!this.#admission) throw new Error('the call was not let in');
    return this.#admission.access;
  }

  charge(bytes: number): void {
    this.#judging.gate.charge(this.access, bytes);
  }

  endWithConnection(end: () => void): () => void {
    if (this.#connection) return this.#connection.streamBegun(end);
    const { connectionAge: age } = this.#judging;
    if (age === null) return () => {};
    // A stream over HTTP/1.1 has its connection to itself.
    const timer = setTimeout(end, spreadAge(age)).unref();
    return () => clearTimeout(timer);
  }

  statusSent(): ReturnType<AdmittedCall['statusSent']> {
    return this.#told;
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

  #onDeadline(): void {
    const error = new DispatchError('DEADLINE_EXCEEDED', 'the deadline of the call has passed');
    if (!this.#isServing) {
      this.#endWaiting(error);
      return;
    }
    const status = statusOf(error);
    this.#told = { status: status.code, details: status.details };
    this.answer.fail(status);
    this.#cancel();
  }

  #cancel(): void {
    this.cancelled = true;
    for (const listener of this.#onCancelled.splice(0)) listener();
  }

  #refuseInTurn(status: ErrorStatus): void {
    this.#isReported = true;
    this.#report(status.code, status.details);
    const send = () => this.#answerRefused(status);
    this.#dropRefusal = this.#judging.paced.add(send);
    if (this.#dropRefusal === null && !this.#connection?.endStranger()) this.exchange.request.socket.destroy();
  }

  /** Answers a call whose request may be arriving still. */
  #answerRefused(status: ErrorStatus): void {
    const { request, response } = this.exchange;
    const stream = http2StreamOf(response);
    const keeps = keepsConnection(request) && status.code !== Status.DEADLINE_EXCEEDED;
    if (!stream && !keeps && !response.headersSent) response.setHeader('connection', 'close');
    this.answer.fail(status);
    if (stream) endResponse(stream);
    else request.resume();
  }

  #close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#deadline.clear();
    this.#dropRefusal?.();
    if (this.answer.cut()) {
      this.#endWaiting(new DispatchError('CANCELLED', 'the caller is gone'));
      this.#cancel();
    }
    if (this.#isServing) return;
    this.#leave();
    const stream = http2StreamOf(this.exchange.response);
    if (stream && !this.#admission) whenReset(stream, () => this.#connection?.callReset());
    if (this.#isReported) return;
    this.#isReported = true;
    this.#report(this.#told?.status ?? Status.CANCELLED, this.#told?.details);
  }

  #leave(): void {
    this.#admission?.leave();
    this.#leaveConnection?.();
  }

  #report(status: Status, reason: string | undefined): void {
    const { path, isStream: streaming } = this.exchange.method;
    const ended = {
      method: methodOf(path),
      key: this.#caller?.name,
      peer: this.getPeer(),
      streaming,
      status,
      reason,
      durationMs: performance.now() - this.startMs,
      unserved: true as const,
    };
    for (const observe of this.#judging.observers) observe(ended);
  }
}
