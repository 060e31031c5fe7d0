import type { DispatchClient } from '../client/dispatchClient.js';
import type { DispatchServiceOptions } from '../service/startDispatchService.js';

/** Options of {@link startTestService}: the credentials that it accepts, and where it logs to. */
export interface TestServiceOptions extends Pick<DispatchServiceOptions, 'authKey' | 'signSecret' | 'logger'> {}

/** A real service that keeps its dispatches in memory, and a client of it. */
export interface TestService extends AsyncDisposable {
  /** Where dispatchers and clients reach it, such as `grpc://127.0.0.1:50051?ssl=false`. */
  readonly address: string;
  /** A client with its credentials. */
  readonly client: DispatchClient;
  /** Closes the client and stops the service: what else is connected to it loses its connection. */
  stop(): Promise<void>;
}

/**
 * Starts a real service in memory on a free port of this computer, without credentials unless some are given.
 *
 * @throws DispatchError INVALID_ARGUMENT when the credentials are wrong.
 */
export async function startTestService(options: TestServiceOptions = {}): Promise<TestService> {
  // The rest of the test kit loads without gRPC.
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
