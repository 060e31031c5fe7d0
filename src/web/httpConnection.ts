import { createClientFactory } from 'nice-grpc-web/lib/client/ClientFactory.js';
import { FetchTransport } from 'nice-grpc-web/lib/client/transports/fetch.js';
import {
  type MicrogridDispatchServiceClient,
  MicrogridDispatchServiceDefinition,
} from '../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { type OperationsClient, OperationsDefinition } from '../../proto/gen/xstate_dispatch/v1/operations.js';
import type { Connection } from '../client/connection.js';
import type { CredentialSource } from '../client/credentials.js';
import { sign } from '../client/sign.js';
import { reportLostResponses } from './lostResponses.js';
import { Reach } from './reach.js';
import { parseServiceUrl } from './serviceUrl.js';
import { shareConnections } from './shareConnections.js';
import { webSigner } from './webSignature.js';

/** How a client reaches its service. */
export interface ServiceConnection {
  /** Where the service answers over HTTP, such as `https://localhost:50052`. */
  readonly url: string | URL;
  /**
   * Over `http:` a page opens at most four streams to a host, as browsers have six connections for all their tabs; dispatchers without a stream list every 30
   * seconds. Whether the streams of all tabs of the origin count together. The browser keeps no such page in its back-forward cache.
   *
   * @default false: those of the page
   */
  readonly acrossTabs?: boolean | undefined;
}

/** A connection over HTTP by `fetch`, as gRPC-Web. The browser chooses the connections of its calls. */
export class HttpConnection implements Connection {
  readonly rpc: MicrogridDispatchServiceClient;
  readonly operations: OperationsClient;
  readonly #reach: Reach;

  /** @throws DispatchError `INVALID_ARGUMENT` when the URL is wrong. */
  constructor(options: ServiceConnection, credentials: CredentialSource) {
    const url = parseServiceUrl(options.url);
    this.#reach = new Reach(url);
    const factory = createClientFactory()
      .use(shareConnections(url, options.acrossTabs ?? false))
      .use(reportLostResponses({ url, begin: isStream => this.#reach.begin(isStream) }))
      .use(sign(credentials, webSigner()));
    const channel = { address: url, transport: FetchTransport({ cache: 'no-store' }) };
    this.rpc = factory.create(MicrogridDispatchServiceDefinition, channel);
    this.operations = factory.create(OperationsDefinition, channel);
  }

  renew(): void {}

  connectedAnew(signal: AbortSignal): Promise<void> {
    return this.#reach.connectedAnew(signal);
  }

  close(): void {
    this.#reach.close();
  }
}
