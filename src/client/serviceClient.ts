import type { Dispatch, DispatchEvent } from '../dispatch.js';
import { DispatchError } from '../model/dispatchError.js';
import type { RetryOptions, Waiting } from './attempts.js';
import {
  type AuditEntry,
  type AuditOptions,
  type CallerRights,
  decodeRights,
  type FollowAuditOptions,
} from './audit.js';
import type { Connection } from './connection.js';
import type { CredentialSource, CredentialsOptions } from './credentials.js';
import { MicrogridClient } from './microgridClient.js';
import type { MicrogridClientSetup } from './recordWatch.js';
import type { DispatchChanges, ListOptions, NewDispatch } from './requests.js';
import { type CallSignal, ServiceCalls, type TraceMethod, type WriteOptions } from './serviceCalls.js';

/** Options of the calls of a client. */
export type CallsOptions = CredentialsOptions & {
  /**
   * Timeout of a call, with all its attempts and the waits between them, in milliseconds; then it fails with
   * `DEADLINE_EXCEEDED`. Each page of a list is a call. @default 60000
   */
  readonly callTimeoutMs?: number | undefined;
  /** Maximum duration of a stream, in milliseconds; then it ends with `DEADLINE_EXCEEDED`. @default 300000 */
  readonly streamTimeoutMs?: number | undefined;
  /**
   * How calls that failed with a retryable error are retried: get and list always; create, update and delete when the
   * service supports request ids; streams never. False: no retries. @default 5 attempts
   */
  readonly retry?: RetryOptions | false | undefined;
};

/** The way of a client to its service. */
export interface Way {
  readonly connection: Connection;
  readonly credentials: CredentialSource;
  readonly trace: TraceMethod;
}

/** Maximum wait of a timer. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** The microgrid of a call of a {@link DispatchClient}. */
export interface InMicrogrid {
  readonly microgridId: number;
}

/** The dispatch of a call of a {@link DispatchClient}. */
export interface OfDispatch extends InMicrogrid {
  readonly id: number;
}

/** A client of the dispatch service, whichever way leads to it. Its calls are those of {@link MicrogridClient}. */
export class ServiceClient implements AsyncDisposable {
  readonly #connection: Connection;
  readonly #setup: MicrogridClientSetup;

  /** @param open - opens the way to the service, when the other options are valid. */
  constructor(options: CallsOptions, waiting: Waiting, open: () => Way) {
    const { callTimeoutMs = 60_000, streamTimeoutMs = 300_000, retry = {} } = options;
    checkTimeout('callTimeoutMs', callTimeoutMs);
    checkTimeout('streamTimeoutMs', streamTimeoutMs);
    const { connection, credentials, trace } = open();
    this.#connection = connection;
    const calls = new ServiceCalls({ callTimeoutMs, streamTimeoutMs, retry, credentials, trace, ...waiting });
    this.#setup = { connection, calls };
  }

  /** The same calls for one microgrid. */
  forMicrogrid(microgridId: number): MicrogridClient {
    return new MicrogridClient(microgridId, this.#setup);
  }

  create({ microgridId, signal, note, ...dispatch }: NewDispatch & InMicrogrid & WriteOptions): Promise<Dispatch> {
    return this.forMicrogrid(microgridId).create(dispatch, { note, ...(signal && { signal }) });
  }

  get({ microgridId, id, ...options }: OfDispatch & CallSignal): Promise<Dispatch> {
    return this.forMicrogrid(microgridId).get(id, options);
  }

  update({
    microgridId,
    id,
    changes,
    ...options
  }: OfDispatch & { changes: DispatchChanges } & WriteOptions): Promise<Dispatch> {
    return this.forMicrogrid(microgridId).update(id, changes, options);
  }

  delete({ microgridId, id, ...options }: OfDispatch & WriteOptions): Promise<void> {
    return this.forMicrogrid(microgridId).delete(id, options);
  }

  list({ microgridId, ...options }: ListOptions & InMicrogrid & CallSignal): AsyncGenerator<Dispatch, void, void> {
    return this.forMicrogrid(microgridId).list(options);
  }

  watch({ microgridId, ...options }: InMicrogrid & CallSignal): AsyncGenerator<DispatchEvent, void, void> {
    return this.forMicrogrid(microgridId).watch(options);
  }

  audit({ microgridId, ...options }: AuditOptions & InMicrogrid & CallSignal): AsyncGenerator<AuditEntry, void, void> {
    return this.forMicrogrid(microgridId).audit(options);
  }

  followAudit({
    microgridId,
    ...options
  }: FollowAuditOptions & InMicrogrid & CallSignal): AsyncGenerator<AuditEntry, void, void> {
    return this.forMicrogrid(microgridId).followAudit(options);
  }

  /** Asks the service which key this client calls with, and what it may do. `UNIMPLEMENTED`: the service cannot tell. */
  async whoami({ signal }: CallSignal = {}): Promise<CallerRights> {
    const { connection, calls } = this.#setup;
    return calls.make({
      method: 'whoami',
      kind: 'read',
      ids: {},
      signal,
      encode: () => ({}),
      send: async (request, options) => decodeRights(await connection.operations.whoami(request, options)),
    });
  }

  /**
   * Keeps connecting to the service, and resolves when it has connected anew. While the connection lasts, it does not resolve.
   *
   * @throws the reason of the signal when it aborts.
   */
  async connectedAnew({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    await this.#connection.connectedAnew(signal);
  }

  /**
   * Replaces the connection by a new one, which no other client shares: for a connection that stays broken. Open calls stay open. It has
   * no effect on a channel that was passed in, nor in a browser, which chooses its connections itself.
   */
  renewConnection(): void {
    this.#connection.renew();
  }

  /**
   * Ends pending calls, which reject with `STOPPED`, as do later ones, and closes the channel unless it was passed in. Closing
   * twice has no further effect. grpc-js does not abort a TLS handshake in progress: without a response it ends after
   * `keep_alive_timeout_s`.
   */
  close(): void {
    const { calls } = this.#setup;
    if (calls.isClosed) return;
    calls.close();
    this.#connection.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }
}

function checkTimeout(field: string, timeoutMs: number): void {
  if (timeoutMs > 0 && timeoutMs <= MAX_TIMEOUT_MS) return;
  const message = `${field} must be 1 to ${MAX_TIMEOUT_MS} milliseconds, not ${timeoutMs}`;
  throw new DispatchError('INVALID_ARGUMENT', message, { field });
}
