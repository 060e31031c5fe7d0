import type { CallOptions } from 'nice-grpc-common';

import { MicrogridDispatchServiceDefinition } from '../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { HealthDefinition } from '../../proto/gen/grpc/health/v1/health.js';
import { OperationsDefinition } from '../../proto/gen/xstate_dispatch/v1/operations.js';
import type { GrpcConnection } from './grpcConnection.js';

/** A call whose answer stays encoded: a promise of the one message, or the messages of a stream. */
export type EncodedCall = (request: unknown, options: CallOptions) => Promise<Uint8Array> & AsyncIterable<Uint8Array>;

/** A service of a connection whose answers stay encoded, to be passed on as they are. */
export interface EncodedService {
  readonly definition: ReturnType<typeof withEncodedAnswers>;
  /** By the names that the definition gives to the methods. */
  readonly calls: Readonly<Record<string, EncodedCall>>;
}

/** A response type that is already encoded. */
const encoded = {
  encode: (answer: unknown) => ({ finish: () => answer as Uint8Array }),
  decode: (bytes: Uint8Array) => bytes,
};

/** The services of a connection: health, the dispatches and the operations. Each attempt is signed; none is repeated. */
export function encodedServices(connection: GrpcConnection): EncodedService[] {
  return [HealthDefinition, MicrogridDispatchServiceDefinition, OperationsDefinition].map(service => {
    const definition = withEncodedAnswers(service);
    const client = connection.clientOf(definition as unknown as typeof MicrogridDispatchServiceDefinition);
    return { definition, calls: client as unknown as EncodedService['calls'] };
  });
}

interface Definition {
  readonly name: string;
  readonly fullName: string;
  readonly methods: Readonly<Record<string, Method>>;
}

interface Method {
  readonly name: string;
  readonly requestType: { decode(bytes: Uint8Array): unknown };
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  readonly options: object;
}

function withEncodedAnswers({ name, fullName, methods }: Definition) {
  const entries = Object.entries(methods).map(([key, method]) => [key, { ...method, responseType: encoded }] as const);
  return { name, fullName, methods: Object.fromEntries(entries) };
}
