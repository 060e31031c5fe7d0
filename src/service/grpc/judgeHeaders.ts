import { type Metadata, ServerInterceptingCall, type ServerInterceptor } from '@grpc/grpc-js';
import { Status } from 'nice-grpc-common';

import { attachAdmitted } from '../access/callAccess.js';
import type { CallGate } from '../access/callGate.js';
import { ANYBODY, type Caller } from '../access/keyRing.js';
import { methodOf } from '../access/methodAccess.js';
import type { CallObserver } from '../operation/endedCall.js';
import { endResponse, http2StreamOf, sentStatus, whenReset } from './http2Stream.js';
import { pacedRefusals } from './pacedRefusals.js';
import { peerConnection } from './peerConnection.js';

/** Options of {@link judgeHeaders}. */
export interface JudgeHeadersOptions {
  readonly gate: CallGate;
  /** Time within which a request must arrive after its headers; of a stream of requests, the first one. */
  readonly receiveTimeoutMs: number;
  /** Are told of each call that ends before it is served; of others where they are served. */
  readonly observers: readonly CallObserver[];
}

type InterceptedCall = ConstructorParameters<typeof ServerInterceptingCall>[0];

/**
 * Judges calls when their headers arrive: those that are refused end at once, and nothing of their requests is read, inflated or
 * decoded. When very many are refused they wait for their turn: otherwise they would come again as fast as they are refused. It must be the
 * first interceptor.
 */
export function judgeHeaders({ gate, receiveTimeoutMs, observers }: JudgeHeadersOptions): ServerInterceptor {
  const paced = pacedRefusals();
  return (method, call) => {
    const startMs = performance.now();
    const stream = http2StreamOf(call);
    // Afterwards it has no session.
    const connection = stream.session && peerConnection(stream.session);
    let late: NodeJS.Timeout | undefined;
    /** Set when the call has ended, and nothing of it is served any more. */
    let over = false;
    let caller: Caller | undefined;
    let isServed = false;
    let hasArrived = false;
    let isServing = false;
    let leave = () => {};
    let dropRefusal: (() => void) | null = null;

    function report(status: Status, reason: string | undefined): void {
      const { path, responseStream: streaming } = method;
      const ended = {
        method: methodOf(path),
        ...(caller && { key: caller.name }),
        peer: call.getPeer(),
        streaming,
        status,
        reason,
        durationMs: performance.now() - startMs,
        unserved: true as const,
      };
      for (const observe of observers) observe(ended);
    }

    function refuse(code: Status, details: string): void {
      call.sendStatus({ code: code as number, details });
      endResponse(stream);
    }

    function admit(metadata: Metadata): boolean {
      const verdict = gate.judge(headersOf(metadata, method, call));
      if ('refusal' in verdict) {
        const status = Status[verdict.refusal.code as keyof typeof Status];
        const { message } = verdict.refusal;
        caller = verdict.caller;
        isServed = true;
        report(status, message);
        const send = () => refuse(status, message);
        dropRefusal = paced.add(send);
        if (dropRefusal === null && !connection?.endStranger()) send();
        return false;
      }
      const { access } = verdict;
      leave = verdict.leave;
      if (access.apiKey !== ANYBODY) caller = access.apiKey;
      if (!verdict.isHealth) connection?.trust();
      attachAdmitted(metadata, { access, serve, charge: bytes => gate.charge(access, bytes) });
      return true;
    }

    /** A caller that cancels has not left before its call is no longer served: otherwise it could have any number served. */
    function serve(): () => void {
      isServed = true;
      isServing = true;
      return () => {
        isServing = false;
        if (over) leave();
      };
    }

    function arrived(): void {
      clearTimeout(late);
    }

    function end(): void {
      if (over) return;
      over = true;
      arrived();
      dropRefusal?.();
      // Otherwise it is closed by itself.
      if (!hasArrived) endResponse(stream);
      if (isServing) return;
      leave();
      if (!hasArrived) whenReset(stream, () => connection?.callReset());
      if (isServed) return;
      const sent = sentStatus(stream);
      report(sent?.status ?? Status.CANCELLED, sent?.details);
    }

    return new ServerInterceptingCall(call, {
      start: next =>
        next({
          onReceiveMetadata(metadata, pass) {
            if (connection?.callBegun() === false || !admit(metadata)) return;
            late = setTimeout(() => {
              refuse(Status.DEADLINE_EXCEEDED, `the request did not arrive within ${receiveTimeoutMs / 1000} s`);
            }, receiveTimeoutMs).unref();
            pass(metadata);
          },
          onReceiveMessage(message, pass) {
            if (method.requestStream) arrived();
            pass(message);
          },
          onReceiveHalfClose(pass) {
            arrived();
            hasArrived = true;
            pass();
          },
          onCancel: end,
        }),
    });
  };
}

function headersOf(
  metadata: Metadata,
  { path, responseStream }: { readonly path: string; readonly responseStream: boolean },
  call: InterceptedCall,
) {
  const [key = '', ts = '', nonce = '', sig = ''] = ['key', 'ts', 'nonce', 'sig'].map(name => {
    const [value, ...more] = metadata.get(name);
    return typeof value === 'string' && more.length === 0 ? value : '';
  });
  const address = call.getConnectionInfo().remoteAddress ?? '';
  return { path, isStream: responseStream, address, key, ts, nonce, sig };
}
