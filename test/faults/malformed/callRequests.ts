import type { DescMessage, DescMethod } from '@bufbuild/protobuf';
import { compileContract } from '../../support/contract.js';
import { pick } from '../random.js';
import { hostileMessage, type Making } from './hostileMessage.js';
import type { HttpRequest } from './httpCaller.js';
import { grpcFrame } from './wire.js';

/** A call of the contract, with a message that may be anything. */
export interface CallRequest {
  readonly method: string;
  readonly message: Buffer;
}

const SERVICE = 'frequenz.api.dispatch.v1.MicrogridDispatchService';
/** The key that the service of these requests wants. */
export const AUTH_KEY = 'malformed-requests-key';
const CHAOS = [0, 0, 0.01, 0.02, 0.05, 0.2, 0.7];
/** Creations come more often: the other calls need something to be about. */
const WEIGHTS: { readonly [method: string]: number } = { CreateMicrogridDispatch: 4, UpdateMicrogridDispatch: 4 };

/** Makes random calls of the contract, from its descriptors. */
export function callMaker(): (making: Omit<Making, 'chaos'>) => CallRequest {
  const service = compileContract().getService(SERVICE);
  if (!service) throw new Error(`the contract has no ${SERVICE}`);
  const methods = service.methods.flatMap((method: DescMethod) =>
    Array.from({ length: WEIGHTS[method.name] ?? 1 }, (): readonly [string, DescMessage] => [
      method.name,
      method.input,
    ]),
  );
  return making => {
    const [method, input] = pick(methods, making.random);
    return { method, message: hostileMessage(input, { ...making, chaos: pick(CHAOS, making.random) }) };
  };
}

/** A call as gRPC sends it. */
export function httpRequest({ method, message }: CallRequest): HttpRequest {
  return { headers: headersOf(method), body: grpcFrame(message), ends: true };
}

/** The headers of a call. */
export function headersOf(method: string): { [name: string]: string } {
  return {
    ':method': 'POST',
    ':path': `/${SERVICE}/${method}`,
    'content-type': 'application/grpc',
    te: 'trailers',
    key: AUTH_KEY,
  };
}
