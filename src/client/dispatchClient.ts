import { type Channel, createClientFactory } from 'nice-grpc';
import { MicrogridDispatchServiceDefinition } from '../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import type { Dispatch, DispatchEvent } from '../dispatch.js';
import { DispatchError } from '../model/dispatchError.js';
import type { RetryOptions, Waiting } from './attempts.js';
import { openChannel, type TlsOptions } from './channel.js';
import { type CredentialsOptions, credentialSource } from './credentials.js';
import { type CallSignal, MicrogridClient, type MicrogridClientSetup } from './microgridClient.js';
import type { DispatchChanges, ListOptions, NewDispatch } from './requests.js';
import { ServiceCalls } from './serviceCalls.js';
import { sign } from './sign.js';

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
  CredentialsOptions & {
    /**
     * A call that takes longer, with all its attempts and the waits between them, fails with `DEADLINE_EXCEEDED`. Each page of
     * a list is a call. @default 60000
     */
    readonly callTimeoutMs?: number | undefined;
    /** A stream that is open for longer ends with `DEADLINE_EXCEEDED`; open another. @default 300000 */
    readonly streamTimeoutMs?: number | undefined;
    /**
     * Whether calls that failed for a reason that may pass are made again: get and list; create, update and delete where the
     * service recognises a repetition. Never streams. False: never. @default 5 attempts
     */
    readonly retry?: RetryOptions | false | undefined;
  };

/** The longest wait that a timer of Node.js can hold. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

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

  /**
   * @param waiting - how it waits before it tries a call again, for tests.
   * @throws DispatchError `INVALID_ARGUMENT` when an option is wrong, such as the address, or a file that it names cannot be
   * read; `field` tells which.
   */
  constructor(options: DispatchClientOptions, waiting: Waiting = {}) {
    const { callTimeoutMs = 60_000, streamTimeoutMs = 300_000, retry = {}, channel } = options;
    checkTimeout('callTimeoutMs', callTimeoutMs);
    checkTimeout('streamTimeoutMs', streamTimeoutMs);
    const credentials = credentialSource(options);
    const calls = new ServiceCalls({ callTimeoutMs, streamTimeoutMs, retry, credentials, ...waiting });
    this.#ownsChannel = channel === undefined;
    this.#channel = channel ?? openChannel(options.address, options.tls);
    const rpc = createClientFactory().use(sign(credentials)).create(MicrogridDispatchServiceDefinition, this.#channel);
    this.#setup = { rpc, calls };
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

  /**
   * Ends the calls under way, which reject with `STOPPED`, as do later ones, and closes the channel, unless that was passed
   * in. Closing twice is closing once. grpc-js does not let go of a TLS handshake that has begun: without an answer, that
   * ends after `keep_alive_timeout_s`.
   */
  close(): void {
    const { calls } = this.#setup;
    if (calls.isClosed) return;
    calls.close();
    if (this.#ownsChannel) this.#channel.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }
}

function checkTimeout(field: string, timeoutMs: number): void {
  if (timeoutMs > 0 && timeoutMs <= MAX_TIMEOUT_MS) return;
  const message = `${field} must be milliseconds from 1 to ${MAX_TIMEOUT_MS}, not ${timeoutMs}`;
  throw new DispatchError('INVALID_ARGUMENT', message, { field });
}
