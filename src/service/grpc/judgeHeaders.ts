import type { ServerInterceptor } from '@grpc/grpc-js';

import type { CallGate } from '../access/callGate.js';
import type { CallObserver } from '../operation/endedCall.js';
import { arrivalLimit } from './arrivalLimit.js';
import { JudgedCall } from './judgedCall.js';
import { pacedRefusals } from './pacedRefusals.js';
import type { PeerConnectionOptions } from './peerConnection.js';

/** Options of {@link judgeHeaders}. */
export interface JudgeHeadersOptions extends PeerConnectionOptions {
  readonly gate: CallGate;
  /** Time within which a request must arrive after its headers. A stream of requests may wait for any time. */
  readonly receiveTimeoutMs: number;
  /** Are told of each call that ends before it is served; of others where they are served. */
  readonly observers: readonly CallObserver[];
}

/**
 * Judges calls when their headers arrive: those that are refused end at once, and nothing of their requests is read, inflated or
 * decoded. When very many are refused they wait for their turn: otherwise they would come again as fast as they are refused. It must be the
 * first interceptor.
 */
export function judgeHeaders({ receiveTimeoutMs, ...options }: JudgeHeadersOptions): ServerInterceptor {
  const tooLate = `the request did not arrive within ${receiveTimeoutMs / 1000} s`;
  const judging = { ...options, paced: pacedRefusals(), arrivals: arrivalLimit(receiveTimeoutMs), tooLate };
  return (method, call) => new JudgedCall(method, call, judging);
}
