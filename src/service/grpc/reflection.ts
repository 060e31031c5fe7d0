import { fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  type DescriptorProto,
  type EnumDescriptorProto,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
} from '@bufbuild/protobuf/wkt';
import { Status } from 'nice-grpc-common';

import { DESCRIPTOR_SET } from '../../../proto/gen/descriptorSet.js';
import type {
  ServerReflectionDefinition,
  ServerReflectionRequest,
  ServerReflectionResponse,
} from '../../../proto/gen/grpc/reflection/v1/reflection.js';
import type { Handlers } from './handlers.js';

type Answer = NonNullable<ServerReflectionResponse['messageResponse']>;

interface Descriptors {
  readonly byName: ReadonlyMap<string, FileDescriptorProto>;
  /** By the full name of everything that a file defines. */
  readonly bySymbol: ReadonlyMap<string, FileDescriptorProto>;
}

/**
 * Tells tools what the services are made of: `grpc.reflection.v1.ServerReflection`.
 *
 * @param services - the full names of the services to tell of.
 * @param stopping - ends the streams with its reason.
 */
export function reflection(services: readonly string[], stopping: AbortSignal): Handlers<ServerReflectionDefinition> {
  let read: Descriptors | undefined;
  // Few services are ever asked.
  const descriptors = () => {
    read ??= readDescriptors();
    return read;
  };
  return {
    async *serverReflectionInfo(requests, { signal }) {
      const iterator = requests[Symbol.asyncIterator]();
      for (;;) {
        const { done, value: request } = await nextOf(iterator, [stopping, signal]);
        if (done) return;
        yield {
          validHost: request.host,
          originalRequest: request,
          messageResponse: answer(request, services, descriptors()),
        };
      }
    },
  };
}

function answer({ messageRequest }: ServerReflectionRequest, services: readonly string[], files: Descriptors): Answer {
  switch (messageRequest?.$case) {
    case 'listServices':
      return { $case: 'listServicesResponse', value: { service: services.map(name => ({ name })) } };
    case 'fileByFilename':
      return fileAnswer(files, files.byName.get(messageRequest.value), messageRequest.value);
    case 'fileContainingSymbol':
      return fileAnswer(files, files.bySymbol.get(messageRequest.value), messageRequest.value);
    case 'allExtensionNumbersOfType':
      if (!files.bySymbol.has(messageRequest.value)) return notFound(messageRequest.value);
      return {
        $case: 'allExtensionNumbersResponse',
        value: { baseTypeName: messageRequest.value, extensionNumber: [] },
      };
    case 'fileContainingExtension':
      return notFound(`extension ${messageRequest.value.extensionNumber} of ${messageRequest.value.containingType}`);
    case undefined:
      return { $case: 'errorResponse', value: errorOf(Status.INVALID_ARGUMENT, 'message_request: must be set') };
  }
}

function fileAnswer(files: Descriptors, file: FileDescriptorProto | undefined, asked: string): Answer {
  if (!file) return notFound(asked);
  const fileDescriptorProto = withImports(files, file).map(each => toBinary(FileDescriptorProtoSchema, each));
  return { $case: 'fileDescriptorResponse', value: { fileDescriptorProto } };
}

function notFound(what: string): Answer {
  return { $case: 'errorResponse', value: errorOf(Status.NOT_FOUND, `${what} is not defined here`) };
}

function errorOf(errorCode: Status, errorMessage: string) {
  return { errorCode, errorMessage };
}

/** A file and all that it rests on, each once. */
function withImports({ byName }: Descriptors, file: FileDescriptorProto): FileDescriptorProto[] {
  const found = new Set([file]);
  for (const each of found) {
    for (const name of each.dependency) {
      const imported = byName.get(name);
      if (imported) found.add(imported);
    }
  }
  return [...found];
}

function readDescriptors(): Descriptors {
  const { file: files } = fromBinary(FileDescriptorSetSchema, Buffer.from(DESCRIPTOR_SET, 'base64'));
  const bySymbol = new Map<string, FileDescriptorProto>();
  for (const file of files) for (const symbol of symbolsOf(file)) bySymbol.set(symbol, file);
  return { byName: new Map(files.map(file => [file.name, file])), bySymbol };
}

function* symbolsOf(file: FileDescriptorProto): Iterable<string> {
  const scope = file.package === '' ? '' : `${file.package}.`;
  for (const message of file.messageType) yield* messageSymbols(scope, message);
  for (const type of file.enumType) yield* enumSymbols(scope, type);
  for (const service of file.service) {
    yield scope + service.name;
    for (const method of service.method) yield `${scope}${service.name}.${method.name}`;
  }
}

function* messageSymbols(scope: string, message: DescriptorProto): Iterable<string> {
  const name = scope + message.name;
  yield name;
  for (const part of [...message.field, ...message.oneofDecl]) yield `${name}.${part.name}`;
  for (const nested of message.nestedType) yield* messageSymbols(`${name}.`, nested);
  for (const type of message.enumType) yield* enumSymbols(`${name}.`, type);
}

/** The values of an enum stand beside it, not in it. */
function* enumSymbols(scope: string, type: EnumDescriptorProto): Iterable<string> {
  yield scope + type.name;
  for (const value of type.value) yield scope + value.name;
}

/** The next request; rejects with the reason of the first signal that aborts. */
function nextOf<T>(iterator: AsyncIterator<T>, signals: readonly AbortSignal[]): Promise<IteratorResult<T>> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signals.find(({ aborted }) => aborted)?.reason);
    const forget = () => {
      for (const signal of signals) signal.removeEventListener('abort', stop);
    };
    for (const signal of signals) signal.addEventListener('abort', stop, { once: true });
    if (signals.some(({ aborted }) => aborted)) stop();
    void iterator.next().then(resolve, reject).finally(forget);
  });
}
