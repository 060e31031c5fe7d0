import { type Channel, createClientFactory } from 'nice-grpc';
import { deadlineMiddleware } from 'nice-grpc-client-middleware-deadline';
import { MicrogridDispatchServiceDefinition } from '../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import type { Dispatch, DispatchEvent } from '../dispatch.js';
import { openChannel, type TlsOptions } from './channel.js';
import { type CallSignal, MicrogridClient, type MicrogridClientSetup } from './microgridClient.js';
import type { DispatchChanges, ListOptions, NewDispatch } from './requests.js';
import { type Credentials, sign } from './sign.js';

/** Where a {@link DispatchClient} finds its service: an address, or a channel that exists. */
export type ServiceConnection =
  | {
      /** Such as `grpc://localhost:50051?ssl=false`. The default port is 443; TLS is on unless `ssl=false`. */
      readonly address: string;
      readonly tls?: TlsOptions;
      readonly channel?: never;
    }
  | {
      /** A channel of grpc-js; whoever made it closes it. */
      readonly channel: Channel;
      readonly address?: never;
      readonly tls?: never;
    };

/** Options of a {@link DispatchClient}. */
export type DispatchClientOptions = ServiceConnection &
  Credentials & {
    /** A call that takes longer fails with `DEADLINE_EXCEEDED`. @default 60000 */
    readonly callTimeoutMs?: number | undefined;
    /** A stream that is open for longer ends with `DEADLINE_EXCEEDED`; open another. @default 300000 */
    readonly streamTimeoutMs?: number | undefined;
  };

/** Which microgrid a call of a {@link DispatchClient} is about. */
export interface InMicrogrid {
  readonly microgridId: number;
}

/** Which dispatch a call of a {@link DispatchClient} is about. */
export interface OfDispatch extends InMicrogrid {
  readonly id: number;
}

/** A client of the dispatch service, for any microgrid. Its calls are those of {@link MicrogridClient}. */
export class DispatchClient implements AsyncDisposable {
  readonly #channel: Channel;
  readonly #ownsChannel: boolean;
  readonly #setup: MicrogridClientSetup;

  /** @throws DispatchError `INVALID_ARGUMENT` when the address is wrong or a file that it names cannot be read. */
  constructor(options: DispatchClientOptions) {
    const { callTimeoutMs = 60_000, streamTimeoutMs = 300_000, channel } = options;
    this.#ownsChannel = channel === undefined;
    this.#channel = channel ?? openChannel(options.address, options.tls);
    const rpc = createClientFactory()
      .use(sign(options))
      .use(deadlineMiddleware)
      .create(MicrogridDispatchServiceDefinition, this.#channel);
    this.#setup = { rpc, callTimeoutMs, streamTimeoutMs };
  }

  /** The same calls for one microgrid. */
  forMicrogrid(microgridId: number): MicrogridClient {
    return new MicrogridClient(microgridId, this.#setup);
  }

  create({ microgridId, signal, ...dispatch }: NewDispatch & InMicrogrid & CallSignal): Promise<Dispatch> {
    return this.forMicrogrid(microgridId).create(dispatch, { ...(signal && { signal }) });
  }

  get({ microgridId, id, ...options }: OfDispatch & CallSignal): Promise<Dispatch> {
    return this.forMicrogrid(microgridId).get(id, options);
  }

  update({
    microgridId,
    id,
    changes,
    ...options
  }: OfDispatch & { changes: DispatchChanges } & CallSignal): Promise<Dispatch> {
    return this.forMicrogrid(microgridId).update(id, changes, options);
  }

  delete({ microgridId, id, ...options }: OfDispatch & CallSignal): Promise<void> {
    return this.forMicrogrid(microgridId).delete(id, options);
  }

  list({ microgridId, ...options }: ListOptions & InMicrogrid & CallSignal): AsyncGenerator<Dispatch, void, void> {
    return this.forMicrogrid(microgridId).list(options);
  }

  watch({ microgridId, ...options }: InMicrogrid & CallSignal): AsyncGenerator<DispatchEvent, void, void> {
    return this.forMicrogrid(microgridId).watch(options);
  }

  /** Closes the channel, unless it was passed in. Calls that are under way fail. */
  close(): void {
    if (this.#ownsChannel) this.#channel.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }
}
