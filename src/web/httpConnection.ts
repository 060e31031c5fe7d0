import type { Client, CompatServiceDefinition } from 'nice-grpc-web';
import { createClientFactory } from 'nice-grpc-web/lib/client/ClientFactory.js';
import { FetchTransport } from 'nice-grpc-web/lib/client/transports/fetch.js';
import {
  type MicrogridDispatchServiceClient,
  MicrogridDispatchServiceDefinition,
} from '../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import type { ReaderConnection } from '../client/connection.js';
import { type CredentialSource, type CredentialsOptions, credentialSource } from '../client/credentials.js';
import type { Way } from '../client/serviceReader.js';
import { sign } from '../client/sign.js';
import { reportLostResponses } from './lostResponses.js';
import { Reach } from './reach.js';
import { parseServiceUrl } from './serviceUrl.js';
import { lateHintOf, shareConnections } from './shareConnections.js';
import { webCrypto, webSigner } from './webSignature.js';

/** How a client reaches its service. */
export interface ServiceConnection {
  /** Where the service answers over HTTP, such as `https://localhost:50052`. */
  readonly url: string | URL;
  /**
   * Over `http:` a page opens at most four streams to a host, as browsers have six connections for all their tabs; dispatchers without a stream list every 30
   * seconds. Whether the streams of all tabs of the origin count together, where the browser has locks: for pages from this computer. It then keeps
   * the page out of its back-forward cache.
   *
   * @default true
   */
  readonly acrossTabs?: boolean | undefined;
}

/** A connection over HTTP by `fetch`, as gRPC-Web. The browser chooses the connections of its calls. */
export class HttpConnection implements ReaderConnection {
  readonly rpc: MicrogridDispatchServiceClient;
  /** A client of any service. */
  readonly clientOf: <Service extends CompatServiceDefinition>(service: Service) => Client<Service>;
  readonly lateHint: string | undefined;
  readonly #reach: Reach;

  /** @throws DispatchError `INVALID_ARGUMENT` when the URL is wrong. */
  constructor(options: ServiceConnection, credentials: CredentialSource) {
    const url = parseServiceUrl(options.url);
    this.lateHint = lateHintOf(url);
    this.#reach = new Reach(url);
    const factory = createClientFactory()
      .use(shareConnections(url, options.acrossTabs ?? true))
      .use(reportLostResponses({ url, begin: isStream => this.#reach.begin(isStream) }))
      .use(sign(credentials, webSigner()));
    const channel = { address: url, transport: FetchTransport({ cache: 'no-store' }) };
    this.clientOf = service => factory.create(service, channel);
    this.rpc = this.clientOf(MicrogridDispatchServiceDefinition);
  }

  renew(): void {}

  connectedAnew(signal: AbortSignal): Promise<void> {
    return this.#reach.connectedAnew(signal);
  }

  close(): void {
    this.#reach.close();
  }
}

/**
 * Opens the way of a client over HTTP.
 *
 * @throws DispatchError `INVALID_ARGUMENT` when an option is invalid; `FAILED_PRECONDITION` when calls are to be signed in a page that has
 * no WebCrypto.
 */
export function httpWay(options: ServiceConnection & CredentialsOptions): Way<HttpConnection> {
  const credentials = credentialSource(options);
  if (options.signSecret !== undefined) webCrypto();
  return { connection: new HttpConnection(options, credentials), credentials, trace: () => undefined };
}
