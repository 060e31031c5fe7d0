import { once } from 'node:events';
import type {
  ServerDuplexStream,
  ServerUnaryCall,
  ServerWritableStream,
  ServiceDefinition,
  sendUnaryData,
  UntypedServiceImplementation,
} from '@grpc/grpc-js';

import { CallInService, type CallServing } from './callInService.js';
import type { Method } from './handlers.js';
import { UNARY_HEADERS } from './idempotentWrite.js';
import type { ServedService, StreamHandler, UnaryHandler } from './servedServices.js';

/**
 * What grpc-js needs to serve a service. Requests are decoded here: grpc-js would decode whatever arrives in one piece, also messages behind
 * the only one that a method takes, and would answer what it cannot decode with INTERNAL, as if the service had failed.
 *
 * It rests on grpc-js alone because layers cost time for each call, and for each message of a stream.
 */
export function grpcHandlers(
  { definition: service, handlers }: ServedService,
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
    const handler = handlers[name];
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
      const request = service.accept(grpcCall.request, requestType);
      response = await service.run(() => handler(request, service.call));
    } catch (error) {
      const status = service.failed(error);
      grpcCall.sendMetadata(UNARY_HEADERS);
      return respond(status);
    }
    service.answered();
    grpcCall.sendMetadata(UNARY_HEADERS);
    respond(null, response);
  };
}

type StreamCall = ServerWritableStream<Buffer, unknown> | ServerDuplexStream<Buffer, unknown>;

function streamHandler(path: string, { requestType }: Method, handler: StreamHandler, serving: CallServing) {
  return async (grpcCall: StreamCall): Promise<void> => {
    const service = new CallInService(grpcCall, path, true, serving);

    async function* requestsOf(call: ServerDuplexStream<Buffer, unknown>) {
      // Responses may follow the last request.
      for await (const bytes of call.iterator({ destroyOnReturn: false })) {
        await service.chargeInTurn(bytes);
        yield service.decode(bytes, requestType);
      }
    }

    try {
      const request =
        'request' in grpcCall ? service.accept(grpcCall.request, requestType) : service.authorize(requestsOf(grpcCall));
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
