import { DispatchError } from '../model/dispatchError.js';
import type { RetryOptions, Waiting } from './attempts.js';
import type { ReaderConnection } from './connection.js';
import type { CredentialSource, CredentialsOptions } from './credentials.js';
import { MicrogridReader } from './microgridReader.js';
import { ServiceCalls, type TraceMethod } from './serviceCalls.js';

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
export interface Way<TConnection extends ReaderConnection> {
  readonly connection: TConnection;
  readonly credentials: CredentialSource;
  readonly trace: TraceMethod;
}

/** What a client makes its calls with. */
export interface OpenedWay<TConnection extends ReaderConnection> {
  readonly connection: TConnection;
  readonly calls: ServiceCalls;
}

/** Maximum wait of a timer. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** A client that only reads, for any microgrid: what a dispatcher needs of the service. */
export class ServiceReader implements AsyncDisposable {
  readonly #way: OpenedWay<ReaderConnection>;

  constructor(way: OpenedWay<ReaderConnection>) {
    this.#way = way;
  }

  /** The same calls for one microgrid. */
  forMicrogrid(microgridId: number): MicrogridReader {
    return new MicrogridReader(microgridId, this.#way);
  }

  /**
   * Keeps connecting to the service, and resolves when it has connected anew. While the connection lasts, it does not resolve.
   *
   * @throws the reason of the signal when it aborts.
   */
  async connectedAnew({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    await this.#way.connection.connectedAnew(signal);
  }

  /**
   * Replaces the connection by a new one, which no other client shares: for a connection that stays broken. Open calls stay open. It has
   * no effect on a channel that was passed in, nor in a browser, which chooses its connections itself.
   */
  renewConnection(): void {
    this.#way.connection.renew();
  }

  /**
   * Ends pending calls, which reject with `STOPPED`, as do later ones, and closes the channel unless it was passed in. Closing
   * twice has no further effect. grpc-js does not abort a TLS handshake in progress: without a response it ends after
   * `keep_alive_timeout_s`.
   */
  close(): void {
    const { calls, connection } = this.#way;
    if (calls.isClosed) return;
    calls.close();
    connection.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }
}

/**
 * Opens the way of a client to its service.
 *
 * @param open - called when the other options are valid.
 * @throws DispatchError `INVALID_ARGUMENT` when an option is invalid; what `open` throws.
 */
export function openWay<TConnection extends ReaderConnection>(
  options: CallsOptions,
  waiting: Waiting,
  open: () => Way<TConnection>,
): OpenedWay<TConnection> {
  const { callTimeoutMs = 60_000, streamTimeoutMs = 300_000, retry = {} } = options;
  checkTimeout('callTimeoutMs', callTimeoutMs);
  checkTimeout('streamTimeoutMs', streamTimeoutMs);
  const { connection, credentials, trace } = open();
  const { lateHint } = connection;
  const calls = new ServiceCalls({ callTimeoutMs, streamTimeoutMs, lateHint, retry, credentials, trace, ...waiting });
  return { connection, calls };
}

function checkTimeout(field: string, timeoutMs: number): void {
  if (timeoutMs > 0 && timeoutMs <= MAX_TIMEOUT_MS) return;
  const message = `${field} must be 1 to ${MAX_TIMEOUT_MS} milliseconds, not ${timeoutMs}`;
  throw new DispatchError('INVALID_ARGUMENT', message, { field });
}
