import { createFileRegistry, type DescMessage, fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';

import { DESCRIPTOR_SET } from '../../../proto/gen/descriptorSet.js';
import type { Method } from '../grpc/handlers.js';
import type { ServedService, StreamHandler, UnaryHandler } from '../grpc/servedServices.js';

/** A method that is served over HTTP. */
export interface WebMethod {
  /** Such as `/package.Service/Method`. */
  readonly path: string;
  /** Whether the answer is a stream. */
  readonly isStream: boolean;
  readonly definition: Method;
  readonly handler: UnaryHandler | StreamHandler;
  /** Its messages, to read and write them as JSON. */
  readonly input: DescMessage;
  readonly output: DescMessage;
}

/** The methods of services by their paths. */
export function webMethods(services: readonly ServedService[]): ReadonlyMap<string, WebMethod> {
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, Buffer.from(DESCRIPTOR_SET, 'base64')));
  const methods = services.flatMap(({ definition: { fullName, methods }, handlers }) =>
    Object.entries(methods).map(([name, definition]): WebMethod => {
      const description = registry.getService(fullName)?.method[name];
      const handler = handlers[name];
      if (!description || !handler) throw new Error(`${fullName}.${name} is not described`);
      return {
        path: `/${fullName}/${definition.name}`,
        isStream: definition.responseStream,
        definition,
        handler,
        input: description.input,
        output: description.output,
      };
    }),
  );
  return new Map(methods.map(method => [method.path, method]));
}
