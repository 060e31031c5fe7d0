import { DispatchError } from '../../model/dispatchError.js';
import { CallInService, type CallServing } from '../grpc/callInService.js';
import { errorStatus } from '../grpc/errorStatus.js';
import { UNARY_HEADERS } from '../grpc/idempotentWrite.js';
import type { StreamHandler, UnaryHandler } from '../grpc/servedServices.js';
import { encodedOfJson, jsonOfEncoded } from './jsonMessage.js';
import { inJsonNames } from './jsonNames.js';
import { requestMessage } from './requestMessage.js';
import type { WebCall } from './webCall.js';

/** Serves a call by the handlers that serve calls over gRPC, once its request has arrived; a call that is not let in is refused. */
export async function serveWebCall(call: WebCall, requestBytes: number, serving: CallServing): Promise<void> {
  if (!call.admit()) return;
  const { request, method, protocol } = call.exchange;
  const { path, definition, isStream } = method;
  let size: number;
  let encoded: Uint8Array;
  try {
    const body = await call.receive();
    size = body.length;
    const message = await requestMessage(body, protocol, request, requestBytes);
    // Generated clients, which name their protocol, leave out an id of 0.
    const isGenerated = protocol.isEnveloped || request.headers['connect-protocol-version'] !== undefined;
    encoded = protocol.isJson ? encodedOfJson(method.input, message, !isGenerated) : message;
  } catch (error) {
    call.refuse(refusalOf(error, path, serving));
    return;
  }

  const service = new CallInService(call, path, isStream, serving);
  const write = (response: unknown) => {
    const bytes = definition.responseType.encode(response).finish();
    return protocol.isJson ? jsonOfEncoded(method.output, bytes) : bytes;
  };

  const answer = async () => {
    const message = service.accept(encoded, definition.requestType, size);
    if (!isStream) return write(await service.run(() => (method.handler as UnaryHandler)(message, service.call)));
    const responses = (method.handler as StreamHandler)(message, service.call);
    for await (const response of responses) await call.answer.send(write(response), service.call.signal);
    return null;
  };

  let message: Uint8Array | null;
  try {
    message = await answer();
  } catch (error) {
    const status = service.failed(error);
    call.answer.fail(protocol.isJson ? inJsonNames(status, method.input) : status);
    return;
  }
  service.answered();
  if (message === null) call.answer.endStream();
  else call.answer.complete(message, service.call.answerHeaders ?? UNARY_HEADERS);
}

/** What a caller is told whose request did not arrive as a whole, or cannot be read. */
function refusalOf(error: unknown, path: string, { logger }: CallServing): DispatchError {
  if (error instanceof DispatchError) return error;
  // The connection was lost.
  if ((error as NodeJS.ErrnoException).code === 'ECONNRESET')
    return new DispatchError('CANCELLED', 'the caller is gone');
  return new DispatchError('INTERNAL', errorStatus(error, path, logger).details);
}
