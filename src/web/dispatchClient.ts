import { OperationsDefinition } from '../../proto/gen/xstate_dispatch/v1/operations.js';
import type { Waiting } from '../client/attempts.js';
import { ServiceClient } from '../client/serviceClient.js';
import type { CallsOptions } from '../client/serviceReader.js';
import { httpWay, type ServiceConnection } from './httpConnection.js';

/** Options of a {@link DispatchClient}. */
export type DispatchClientOptions = ServiceConnection & CallsOptions;

/** A client of the dispatch service over HTTP, for any microgrid. Its calls are those of {@link MicrogridClient}. */
export class DispatchClient extends ServiceClient {
  /**
   * @param waiting - how it waits before a retry, for tests.
   * @throws DispatchError `INVALID_ARGUMENT` when an option is invalid, such as the URL; `FAILED_PRECONDITION` when calls are to be signed
   * in a page that has no WebCrypto. `field` is the option.
   */
  constructor(options: DispatchClientOptions, waiting: Waiting = {}) {
    super(options, waiting, () => {
      const { connection, ...way } = httpWay(options);
      return {
        ...way,
        connection: Object.assign(connection, { operations: connection.clientOf(OperationsDefinition) }),
      };
    });
  }
}
