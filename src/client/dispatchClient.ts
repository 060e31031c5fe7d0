import { clientSpans } from '../telemetry/clientSpans.js';
import type { Waiting } from './attempts.js';
import { credentialSource } from './credentials.js';
import { GrpcConnection, type ServiceConnection } from './grpcConnection.js';
import { type CallsOptions, ServiceClient } from './serviceClient.js';

/** Options of a {@link DispatchClient}. */
export type DispatchClientOptions = ServiceConnection & CallsOptions;

/** A client of the dispatch service, for any microgrid. Its calls are those of {@link MicrogridClient}. */
export class DispatchClient extends ServiceClient {
  /**
   * @param waiting - how it waits before a retry, for tests.
   * @throws DispatchError `INVALID_ARGUMENT` when an option is invalid, such as the address, or a file that it names cannot be
   * read; `field` is the option.
   */
  constructor(options: DispatchClientOptions, waiting: Waiting = {}) {
    super(options, waiting, () => {
      const credentials = credentialSource(options);
      const connection = new GrpcConnection(options, credentials);
      return { connection, credentials, trace: clientSpans(connection.server) };
    });
  }
}
