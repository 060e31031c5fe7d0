import { createFileRegistry, fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { type CallOptions, type Client, createClient, type Transport } from '@connectrpc/connect';
import { compressionGzip, createConnectTransport, createGrpcWebTransport } from '@connectrpc/connect-node';
import { DESCRIPTOR_SET } from '../../proto/gen/descriptorSet.js';

const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, Buffer.from(DESCRIPTOR_SET, 'base64')));

/** A message as plain properties, as clients of descriptors know only. */
// biome-ignore lint/suspicious/noExplicitAny: these clients have no generated types; the tests compare what they get.
export type Message = any;
/** The methods of all contracts. */
type MethodName =
  | `${'create' | 'update' | 'get' | 'delete'}MicrogridDispatch`
  | `${'list' | 'stream'}MicrogridDispatches`
  | 'whoami'
  | 'listAudit'
  | 'followAudit'
  | 'check'
  | 'watch';
/** A client without generated types. */
export type WebClient = {
  readonly [Name in MethodName]: (request: object, options?: CallOptions) => Promise<Message> & AsyncIterable<Message>;
};

const COMPRESSING = { sendCompression: compressionGzip, acceptCompression: [compressionGzip], compressMinBytes: 0 };

/** Names of the protocols, with what makes clients of them: those of another project. */
export const PROTOCOLS: {
  readonly [name: string]: (options: Parameters<typeof createConnectTransport>[0]) => Transport;
} = {
  'gRPC-Web': options => createGrpcWebTransport(options),
  'gRPC-Web with JSON': options => createGrpcWebTransport({ ...options, useBinaryFormat: false }),
  Connect: options => createConnectTransport({ ...options, useBinaryFormat: true }),
  'Connect with JSON': options => createConnectTransport({ ...options, useBinaryFormat: false }),
  'gRPC-Web, compressed': options => createGrpcWebTransport({ ...options, ...COMPRESSING }),
  'Connect, compressed': options => createConnectTransport({ ...options, ...COMPRESSING }),
};

/** Creates a client of a service by its full name. */
export function webClient(
  transport: Transport,
  service = 'frequenz.api.dispatch.v1.MicrogridDispatchService',
): WebClient {
  const description = registry.getService(service);
  if (!description) throw new Error(`there is no service ${service}`);
  return createClient(description, transport) as Client<typeof description> as unknown as WebClient;
}
