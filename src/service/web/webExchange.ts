import type { IncomingMessage, ServerResponse } from 'node:http';
import { Status } from 'nice-grpc-common';

import type { DispatchError } from '../../model/dispatchError.js';
import type { CallGate } from '../access/callGate.js';
import type { ArrivalLimit } from '../grpc/arrivalLimit.js';
import type { ConnectionAge } from '../grpc/connectionAge.js';
import type { ErrorStatus } from '../grpc/errorStatus.js';
import type { PacedRefusals } from '../grpc/pacedRefusals.js';
import type { CallObserver } from '../operation/endedCall.js';
import type { WebMethod } from './webMethods.js';
import type { WebPeer } from './webPeer.js';
import type { WebProtocol } from './webProtocol.js';

/** What the calls of a server are judged with. */
export interface WebJudging {
  readonly gate: CallGate;
  readonly paced: PacedRefusals;
  readonly arrivals: ArrivalLimit;
  /** What is told of a request that does not arrive in time. */
  readonly tooLate: string;
  /** Maximum size of a request in bytes. */
  readonly requestBytes: number;
  /** When connections are ended; null: never. */
  readonly connectionAge: ConnectionAge | null;
  /** Are told of each call that ends before it is served. */
  readonly observers: readonly CallObserver[];
}

/** A request for a method, and where its answer goes. */
export interface WebExchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly peer: WebPeer;
  readonly method: WebMethod;
  readonly protocol: WebProtocol;
}

/** The status for an error that is about the request, and no secret. */
export function statusOf({ code, message, violations }: DispatchError): ErrorStatus {
  return { code: Status[code as keyof typeof Status], details: message, violations };
}
