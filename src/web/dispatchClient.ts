import type { Waiting } from '../client/attempts.js';
import { credentialSource } from '../client/credentials.js';
import { type CallsOptions, ServiceClient } from '../client/serviceClient.js';
import { HttpConnection, type ServiceConnection } from './httpConnection.js';
import { webCrypto } from './webSignature.js';

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
      const credentials = credentialSource(options);
      if (options.signSecret !== undefined) webCrypto();
      return { connection: new HttpConnection(options, credentials), credentials, trace: () => undefined };
    });
  }
}
