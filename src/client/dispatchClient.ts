import { MicrogridDispatchServiceDefinition } from '../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { OperationsDefinition } from '../../proto/gen/xstate_dispatch/v1/operations.js';
import { clientSpans } from '../telemetry/clientSpans.js';
import type { Waiting } from './attempts.js';
import { credentialSource } from './credentials.js';
import { GrpcConnection, type ServiceConnection } from './grpcConnection.js';
import type { Method } from './serviceCalls.js';
import { ServiceClient } from './serviceClient.js';
import type { CallsOptions } from './serviceReader.js';

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
      const trace = clientSpans(connection.server);
      return { connection, credentials, trace: method => trace(PATHS.get(method) ?? method) };
    });
  }
}

/** The paths of the methods of the services, by their names in the client. */
const PATHS = new Map<Method, string>(
  [MicrogridDispatchServiceDefinition, OperationsDefinition].flatMap(({ fullName, methods }) =>
    Object.entries(methods).map(([method, { name }]) => [method as Method, `/${fullName}/${name}`] as const),
  ),
);
