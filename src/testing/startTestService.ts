import type { DispatchClient } from '../client/dispatchClient.js';
import type { DispatchServiceOptions } from '../service/startDispatchService.js';

/** Options of {@link startTestService}: the accepted credentials, and the logger. */
export interface TestServiceOptions extends Pick<DispatchServiceOptions, 'authKey' | 'signSecret' | 'logger'> {}

/** A real service that stores dispatches in memory, with a client. */
export interface TestService extends AsyncDisposable {
  /** Address for dispatchers and clients, such as `grpc://127.0.0.1:50051?ssl=false`. */
  readonly address: string;
  /** A client with the accepted credentials. */
  readonly client: DispatchClient;
  /** Closes the client and stops the service, which closes all other connections to it. */
  stop(): Promise<void>;
}

/**
 * Starts a real in-memory service on a free loopback port. Without credentials it accepts every caller.
 *
 * @throws DispatchError INVALID_ARGUMENT when the credentials are invalid.
 */
export async function startTestService(options: TestServiceOptions = {}): Promise<TestService> {
  // Imported here, so that the rest of the test kit loads without gRPC.
  const { startDispatchService } = await import('../service/startDispatchService.js');
  const { DispatchClient } = await import('../client/dispatchClient.js');
  const service = await startDispatchService(options);
  const { address } = service;
  const { authKey, signSecret } = options;
  const client = new DispatchClient({ address, authKey, signSecret });
  const stop = async () => {
    client.close();
    await service.stop();
  };
  return { address, client, stop, [Symbol.asyncDispose]: stop };
}
