import { type Metadata, ServerInterceptingCall, type ServerInterceptor } from '@grpc/grpc-js';
import { Status } from 'nice-grpc-common';

import { attachAdmitted } from '../access/callAccess.js';
import type { CallGate } from '../access/callGate.js';
import { ANYBODY, type Caller } from '../access/keyRing.js';
import { methodOf } from '../access/methodAccess.js';
import type { CallObserver } from '../operation/endedCall.js';
import { endResponse, http2StreamOf, sentStatus } from './http2Stream.js';

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
 * decoded. It must be the first interceptor.
 */
export function judgeHeaders({ gate, receiveTimeoutMs, observers }: JudgeHeadersOptions): ServerInterceptor {
  return (method, call) => {
    const startMs = performance.now();
    const stream = http2StreamOf(call);
    let late: NodeJS.Timeout | undefined;
    /** Set when the call has ended, and nothing of it is served any more. */
    let over = false;
    let caller: Caller | undefined;
    let isServed = false;
    let isServing = false;
    let leave = () => {};

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
        caller = verdict.caller;
        refuse(status, verdict.refusal.message);
        isServed = true;
        report(status, verdict.refusal.message);
        return false;
      }
      const { access } = verdict;
      leave = verdict.leave;
      if (access.apiKey !== ANYBODY) caller = access.apiKey;
      attachAdmitted(metadata, { access, serve });
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
      endResponse(stream);
      if (isServing) return;
      leave();
      if (isServed) return;
      const sent = sentStatus(stream);
      report(sent?.status ?? Status.CANCELLED, sent?.details);
    }

    return new ServerInterceptingCall(call, {
      start: next =>
        next({
          onReceiveMetadata(metadata, pass) {
            if (!admit(metadata)) return;
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
