import { once } from 'node:events';
import {
  Metadata,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type ServiceDefinition,
  type sendUnaryData,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';

import { REQUEST_IDS_KEPT_S } from '../../wire/requestId.js';
import { CallInService, type CallServing } from './callInService.js';
import type { Handlers, Method, Service } from './handlers.js';
import { REQUEST_ID_RETENTION_S } from './idempotentWrite.js';
import type { ServedCall } from './servedCall.js';

type UnaryHandler = (request: unknown, call: ServedCall) => Promise<unknown>;
type StreamHandler = (request: unknown, call: ServedCall) => AsyncIterable<unknown>;

/** Headers of calls that are no streams. A client takes the headers of a stream for its opening, and a stream may be refused. */
const HEADERS = new Metadata();
HEADERS.set(REQUEST_IDS_KEPT_S, String(REQUEST_ID_RETENTION_S));

/**
 * What grpc-js needs to serve a service. Requests are decoded here: grpc-js would decode whatever arrives in one piece, also messages behind
 * the only one that a method takes, and would answer what it cannot decode with INTERNAL, as if the service had failed.
 *
 * It rests on grpc-js alone because layers cost time for each call, and for each message of a stream.
 */
export function grpcHandlers<Definition extends Service>(
  service: Definition,
  handlers: Handlers<Definition>,
  serving: CallServing,
): [ServiceDefinition, UntypedServiceImplementation] {
  const definition: { [name: string]: ServiceDefinition[string] } = {};
  const implementation: UntypedServiceImplementation = {};
  for (const [name, method] of Object.entries<Method>(service.methods)) {
    const { requestStream, responseStream, responseType } = method;
    const path = `/${service.fullName}/${method.name}`;
    definition[name] = {
      path,
      requestStream,
      responseStream,
      requestSerialize: same,
      requestDeserialize: same,
      responseSerialize: (response: unknown) => asBuffer(responseType.encode(response).finish()),
      responseDeserialize: same,
    };
    const handler = handlers[name as keyof typeof handlers];
    implementation[name] = responseStream
      ? streamHandler(path, method, handler as StreamHandler, serving)
      : unaryHandler(path, method, handler as UnaryHandler, serving);
  }
  return [definition, implementation];
}

function unaryHandler(path: string, { requestType }: Method, handler: UnaryHandler, serving: CallServing) {
  return async (grpcCall: ServerUnaryCall<Buffer, unknown>, respond: sendUnaryData<unknown>): Promise<void> => {
    const service = new CallInService(grpcCall, path, false, serving);
    let response: unknown;
    try {
      service.charge(grpcCall.request);
      const request = service.decode(grpcCall.request, requestType);
      service.authorize(request);
      response = await service.run(() => handler(request, service.call));
    } catch (error) {
      const status = service.failed(error);
      grpcCall.sendMetadata(HEADERS);
      return respond(status);
    }
    service.answered();
    grpcCall.sendMetadata(HEADERS);
    respond(null, response);
  };
}

type StreamCall = ServerWritableStream<Buffer, unknown> | ServerDuplexStream<Buffer, unknown>;

function streamHandler(path: string, { requestType }: Method, handler: StreamHandler, serving: CallServing) {
  return async (grpcCall: StreamCall): Promise<void> => {
    const service = new CallInService(grpcCall, path, true, serving);

    function decode(bytes: Buffer): unknown {
      service.charge(bytes);
      return service.decode(bytes, requestType);
    }

    async function* requestsOf(call: ServerDuplexStream<Buffer, unknown>) {
      // Responses may follow the last request.
      for await (const bytes of call.iterator({ destroyOnReturn: false })) {
        await service.chargeInTurn(bytes);
        yield service.decode(bytes, requestType);
      }
    }

    try {
      const request = 'request' in grpcCall ? decode(grpcCall.request) : requestsOf(grpcCall);
      service.authorize(request);
      for await (const response of handler(request, service.call)) {
        if (!grpcCall.write(response)) await drained(grpcCall, service.call.signal);
      }
    } catch (error) {
      grpcCall.emit('error', service.failed(error));
      return;
    }
    service.answered();
    grpcCall.end();
  };
}

/** Resolves when a peer has read; rejects with the reason of the signal when it aborts. */
async function drained(grpcCall: StreamCall, signal: AbortSignal): Promise<void> {
  await once(grpcCall, 'drain', { signal }).catch(error => {
    signal.throwIfAborted();
    throw error;
  });
}

function same(bytes: Buffer): Buffer {
  return bytes;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
