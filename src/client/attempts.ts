import type { CallOptions } from 'nice-grpc-common';
import { DispatchError } from '../model/dispatchError.js';
import { REQUEST_ID, REQUEST_IDS_KEPT_S } from '../wire/requestId.js';
import type { CredentialSource } from './credentials.js';
import { ClientError, Metadata, Status } from './grpcCommon.js';
import { isTooLarge } from './messageSize.js';
import type { OpenCall } from './openCalls.js';

/** How failed calls are retried. */
export interface RetryOptions {
  /** Maximum number of attempts at a call, the first one included. @default 5 */
  readonly attempts?: number | undefined;
}

/** How a client waits between two attempts; replaced in tests. */
export interface Waiting {
  /** Resolves after a time, or rejects when the signal aborts. @default a timer */
  readonly wait?: (delayMs: number, signal: AbortSignal) => Promise<unknown>;
  /** A random number in [0, 1), the jitter of the waits. @default Math.random */
  readonly random?: () => number;
}

/** Options of {@link Attempts}. */
export interface AttemptsSetup extends Waiting {
  /** False: no call is retried. */
  readonly retry: RetryOptions | false;
  readonly credentials: CredentialSource;
}

/** What a call does: reads can always be retried, writes when the service supports request ids. */
export type CallKind = 'read' | 'write';

const DEFAULT_ATTEMPTS = 5;
/** Maximum wait before the second attempt; it doubles with each further attempt. */
const FIRST_DELAY_MS = 250;
const MAX_DELAY_MS = 5_000;

/** Makes the calls of a client, and retries those that may succeed later. */
export class Attempts {
  readonly #attempts: number;
  readonly #credentials: CredentialSource;
  readonly #wait: NonNullable<Waiting['wait']>;
  readonly #random: () => number;
  /** How long the service remembers a request id, as of its last response; 0 when it does not support request ids. */
  #requestIdsKeptMs = 0;

  /** @throws DispatchError INVALID_ARGUMENT when the number of attempts is invalid. */
  constructor({ retry, credentials, wait = defaultWait, random = Math.random }: AttemptsSetup) {
    this.#attempts = retry === false ? 1 : (retry.attempts ?? DEFAULT_ATTEMPTS);
    if (!Number.isSafeInteger(this.#attempts) || this.#attempts < 1) {
      const field = 'retry.attempts';
      throw new DispatchError('INVALID_ARGUMENT', `${field} must be an integer of at least 1, not ${this.#attempts}`, {
        field,
      });
    }
    this.#credentials = credentials;
    this.#wait = wait;
    this.#random = random;
  }

  /**
   * Makes a call, and retries it when it failed with a retryable error. Waits grow exponentially with full jitter and never
   * exceed the deadline of the call. All attempts at a write carry the same request id.
   *
   * @param once - whether to make only one attempt.
   * @throws the error of the last attempt.
   */
  async make<T>(
    kind: CallKind,
    call: OpenCall,
    attempt: (options: CallOptions) => Promise<T>,
    once = false,
  ): Promise<T> {
    const requestId = kind === 'write' ? randomId() : undefined;
    const attempts = once ? 1 : this.#attempts;
    const allMs = call.leftMs();
    let asksAnew = this.#credentials.changes;
    for (let tried = 1; ; tried += 1) {
      try {
        return await this.#attempt(attempt, call, requestId);
      } catch (error) {
        const isRejected = this.noteRejection(error);
        if (tried === attempts || call.signal.aborted) throw error;
        if (isRejected && asksAnew) {
          asksAnew = false;
          continue;
        }
        const isSafe = kind === 'read' || wasNeverSent(error) || allMs - call.leftMs() < this.#requestIdsKeptMs;
        if (!isSafe || !mayPass(error)) throw error;
        const delayMs = this.#random() * Math.min(FIRST_DELAY_MS * 2 ** (tried - 1), MAX_DELAY_MS);
        if (delayMs >= call.leftMs()) throw error;
        await this.#wait(delayMs, call.signal);
      }
    }
  }

  /** Whether rejected credentials can be replaced during a call. */
  get mayAskAnew(): boolean {
    return this.#credentials.changes && this.#attempts > 1;
  }

  /** Whether the service rejected the credentials; if so, tells their provider. */
  noteRejection(error: unknown): boolean {
    const isRejected = error instanceof ClientError && error.code === Status.UNAUTHENTICATED;
    if (isRejected) this.#credentials.reject();
    return isRejected;
  }

  /** Reads from the headers of the service how long it remembers request ids. */
  noteHeader(header: Metadata): boolean {
    const keptS = header.get(REQUEST_IDS_KEPT_S);
    if (keptS === undefined || !/^[1-9]\d{0,8}$/.test(keptS)) return false;
    this.#requestIdsKeptMs = Number(keptS) * 1000;
    return true;
  }

  async #attempt<T>(
    attempt: (options: CallOptions) => Promise<T>,
    call: OpenCall,
    requestId: string | undefined,
  ): Promise<T> {
    const metadata = callMetadata(call);
    if (requestId !== undefined) metadata.set(REQUEST_ID, requestId);
    let announced: boolean | undefined;
    const answer = await attempt({
      signal: call.signal,
      metadata,
      onHeader: header => {
        announced = this.noteHeader(header);
      },
    });
    // An error may come from a proxy, and then says nothing about the service.
    if (announced === false) this.#requestIdsKeptMs = 0;
    return answer;
  }
}

/** Metadata of an attempt: its timeout, as gRPC sends it to a service. */
export function callMetadata(call: OpenCall): Metadata {
  const leftMs = Math.ceil(call.leftMs());
  // The protocol allows eight digits. Rounded up, the longest timeout would exceed what a timer of Node.js can wait.
  return Metadata().set('grpc-timeout', leftMs < 1e8 ? `${leftMs}m` : `${Math.floor(leftMs / 1000)}S`);
}

/** Whether the service, or the network, may recover. A message that is too large stays too large. */
function mayPass(error: unknown): boolean {
  if (error instanceof DispatchError) return error.code === 'UNAVAILABLE';
  if (!(error instanceof ClientError)) return false;
  if (error.code === Status.RESOURCE_EXHAUSTED) return !isTooLarge(error);
  return error.code === Status.UNAVAILABLE || wasNeverSent(error);
}

/** Whether nothing was sent: there were no credentials, or grpc-js chose a connection that had just been lost. */
function wasNeverSent(error: unknown): boolean {
  if (error instanceof DispatchError) return true;
  return error instanceof ClientError && error.details.startsWith('Failed to start HTTP/2 stream');
}

function defaultWait(delayMs: number, signal: AbortSignal): Promise<unknown> {
  return new Promise<void>((resolve, reject) => {
    signal.throwIfAborted();
    const abort = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', abort);
      resolve();
    }, delayMs);
    signal.addEventListener('abort', abort, { once: true });
  });
}

/** A random UUID; browsers have `crypto.randomUUID` only in pages by https, or from this computer. */
function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const hex = Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
}
