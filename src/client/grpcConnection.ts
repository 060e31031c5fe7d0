import { connectivityState } from '@grpc/grpc-js';
import { type Channel, type Client, type CompatServiceDefinition, createClientFactory } from 'nice-grpc';
import {
  type MicrogridDispatchServiceClient,
  MicrogridDispatchServiceDefinition,
} from '../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { type OperationsClient, OperationsDefinition } from '../../proto/gen/xstate_dispatch/v1/operations.js';
import { parseServiceAddress } from '../wire/serviceAddress.js';
import { signRequest } from '../wire/signature.js';
import { openChannel, proxyOf, type TlsOptions } from './channel.js';
import type { Connection } from './connection.js';
import type { CredentialSource } from './credentials.js';
import { reportLostConnections } from './lostConnections.js';
import { sign } from './sign.js';

/** How a client reaches its service: by address, or over an existing channel. */
export type ServiceConnection =
  | {
      /** Such as `grpc://localhost:50051?ssl=false`. The default port is 443; TLS is on unless `ssl=false`. */
      readonly address: string;
      readonly tls?: TlsOptions;
      readonly channel?: never;
    }
  | {
      /** An existing grpc-js channel; the client does not close it. */
      readonly channel: Channel;
      readonly address?: never;
      readonly tls?: never;
    };

/** Interval in milliseconds at which a channel is looked at again while it connects. */
const LOOK_AGAIN_MS = 250;

/** A connection over gRPC, whose channel can be replaced. */
export class GrpcConnection implements Connection {
  readonly #options: ServiceConnection;
  readonly #credentials: CredentialSource;
  #channel: Channel;
  #rpc: MicrogridDispatchServiceClient;
  #operations: OperationsClient;
  #isClosed = false;
  /** Called when the channel has connected anew. */
  readonly #waiting = new Set<() => void>();
  #isWatching = false;

  /** @throws DispatchError `INVALID_ARGUMENT` when the address is wrong or a file that it names cannot be read. */
  constructor(options: ServiceConnection, credentials: CredentialSource) {
    this.#options = options;
    this.#credentials = credentials;
    this.#channel = options.channel ?? openChannel(options.address, options.tls);
    this.#rpc = this.clientOf(MicrogridDispatchServiceDefinition);
    this.#operations = this.clientOf(OperationsDefinition);
  }

  /** The calls of the service, on the present channel. */
  get rpc(): MicrogridDispatchServiceClient {
    return this.#rpc;
  }

  /** The calls of the service about itself, on the present channel. */
  get operations(): OperationsClient {
    return this.#operations;
  }

  /** Host and port of the service, as far as they are known. */
  get server(): { readonly host: string; readonly port?: number } {
    const { address } = this.#options;
    if (address !== undefined) return parseServiceAddress(address);
    return { host: this.#channel.getTarget().replace(/^dns:/, '') };
  }

  /** A client of any service, on the present channel. */
  clientOf<Service extends CompatServiceDefinition>(service: Service): Client<Service> {
    const { address } = this.#options;
    const proxy = address === undefined ? null : proxyOf(this.#channel, address);
    return createClientFactory()
      .use(reportLostConnections(proxy))
      .use(sign(this.#credentials, signRequest))
      .create(service, this.#channel);
  }

  /** Replaces the channel by a new one with connections of its own, unless it was passed in. Calls that are open stay open. */
  renew(): void {
    const { channel, address, tls } = this.#options;
    if (channel !== undefined || this.#isClosed) return;
    const old = this.#channel;
    this.#channel = openChannel(address, tls, { sharesConnections: false });
    this.#rpc = this.clientOf(MicrogridDispatchServiceDefinition);
    this.#operations = this.clientOf(OperationsDefinition);
    old.close();
  }

  /**
   * Keeps the channel connecting, and resolves when it has connected anew. While it stays connected, it does not resolve.
   * Rejects with the reason when the signal aborts.
   */
  async connectedAnew(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const abort = () => {
        this.#waiting.delete(connected);
        reject(signal.reason);
      };
      const connected = () => {
        signal.removeEventListener('abort', abort);
        resolve();
      };
      signal.addEventListener('abort', abort, { once: true });
      this.#waiting.add(connected);
      void this.#watch();
    });
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.#options.channel === undefined) this.#channel.close();
  }

  /** The state of the channel, which begins to connect when it is idle. */
  #look(): connectivityState {
    return this.#channel.getConnectivityState(!this.#isClosed);
  }

  /** Watches the channel for all who wait, as long as somebody does. */
  async #watch(): Promise<void> {
    if (this.#isWatching) return;
    this.#isWatching = true;
    let before = this.#look();
    while (this.#waiting.size > 0) {
      await this.#changed(before);
      const now = this.#look();
      if (now === connectivityState.READY && before !== now) {
        for (const connected of this.#waiting) connected();
        this.#waiting.clear();
      }
      before = now;
    }
    this.#isWatching = false;
  }

  /** Resolves when the state of the channel changes, and after a short time in any case. */
  #changed(from: connectivityState): Promise<void> {
    return new Promise(resolve => {
      if (from === connectivityState.SHUTDOWN) setTimeout(resolve, LOOK_AGAIN_MS).unref();
      else this.#channel.watchConnectivityState(from, Date.now() + LOOK_AGAIN_MS, () => resolve());
    });
  }
}
