import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { type CallOptions, ClientError, Metadata, Status } from 'nice-grpc-common';
import { DispatchError } from '../model/dispatchError.js';
import { REQUEST_ID, REQUEST_IDS_KEPT_S } from '../wire/requestId.js';
import type { CredentialSource } from './credentials.js';
import type { OpenCall } from './openCalls.js';

/** How a call that failed is tried again. */
export interface RetryOptions {
  /** How often a call is tried at most, the first time included. @default 5 */
  readonly attempts?: number | undefined;
}

/** How a client waits between two attempts; tests give their own. */
export interface Waiting {
  /** Fulfilled after a time, or rejects when the signal aborts. @default by a timer of Node.js */
  readonly wait?: (delayMs: number, signal: AbortSignal) => Promise<unknown>;
  /** In [0, 1), spreads the waits. @default Math.random */
  readonly random?: () => number;
}

/** What {@link Attempts} is made of. */
export interface AttemptsSetup extends Waiting {
  /** False: each call is tried once. */
  readonly retry: RetryOptions | false;
  readonly credentials: CredentialSource;
}

/** What a call does: reads may always be repeated, writes where the service knows request ids. */
export type CallKind = 'read' | 'write';

const DEFAULT_ATTEMPTS = 5;
/** The longest wait before the second attempt; it doubles with each further one. */
const FIRST_DELAY_MS = 250;
const MAX_DELAY_MS = 5_000;

/** Tries the calls of a client until they succeed or there is no point in it. */
export class Attempts {
  readonly #attempts: number;
  readonly #credentials: CredentialSource;
  readonly #wait: NonNullable<Waiting['wait']>;
  readonly #random: () => number;
  /** For how long the service remembers a request id, as its last answer said; 0 when it knows none. */
  #requestIdsKeptMs = 0;

  /** @throws DispatchError INVALID_ARGUMENT when the number of attempts is none. */
  constructor({ retry, credentials, wait = defaultWait, random = Math.random }: AttemptsSetup) {
    this.#attempts = retry === false ? 1 : (retry.attempts ?? DEFAULT_ATTEMPTS);
    if (!Number.isSafeInteger(this.#attempts) || this.#attempts < 1) {
      const field = 'retry.attempts';
      throw new DispatchError('INVALID_ARGUMENT', `${field} must be an integer from 1, not ${this.#attempts}`, {
        field,
      });
    }
    this.#credentials = credentials;
    this.#wait = wait;
    this.#random = random;
  }

  /**
   * Makes a call, and makes it again when it failed for a reason that may pass. The waits in between are random under a
   * limit that doubles (full jitter), and end within the time of the call. All attempts at a write carry the same id.
   *
   * @param once - whether the first attempt is the only one.
   * @throws what the last attempt failed with.
   */
  async make<T>(
    kind: CallKind,
    call: OpenCall,
    attempt: (options: CallOptions) => Promise<T>,
    once = false,
  ): Promise<T> {
    const requestId = kind === 'write' ? randomUUID() : undefined;
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

  /** Whether credentials that were rejected may be replaced within a call. */
  get mayAskAnew(): boolean {
    return this.#credentials.changes && this.#attempts > 1;
  }

  /** Takes note when the service rejected the credentials; returns whether it did. */
  noteRejection(error: unknown): boolean {
    const isRejected = error instanceof ClientError && error.code === Status.UNAUTHENTICATED;
    if (isRejected) this.#credentials.reject();
    return isRejected;
  }

  /** What a header of the service says about request ids. */
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
    // An answer that failed may come from a proxy, which says nothing about the service.
    if (announced === false) this.#requestIdsKeptMs = 0;
    return answer;
  }
}

/** Metadata of an attempt: how long the caller waits for it, as gRPC tells a service. */
export function callMetadata(call: OpenCall): Metadata {
  const leftMs = Math.ceil(call.leftMs());
  // The protocol allows eight digits. Rounded up, the longest time would be more than a service on Node.js can wait.
  return Metadata().set('grpc-timeout', leftMs < 1e8 ? `${leftMs}m` : `${Math.floor(leftMs / 1000)}S`);
}

/** The service, or the way to it, may do better soon. What is too large for a message stays so. */
function mayPass(error: unknown): boolean {
  if (error instanceof DispatchError) return error.code === 'UNAVAILABLE';
  if (!(error instanceof ClientError)) return false;
  if (error.code === Status.RESOURCE_EXHAUSTED) return !/larger than max/i.test(error.details);
  return error.code === Status.UNAVAILABLE || wasNeverSent(error);
}

/** There were no credentials to send, or grpc-js could not use a connection that had just been lost. */
function wasNeverSent(error: unknown): boolean {
  if (error instanceof DispatchError) return true;
  return error instanceof ClientError && error.details.startsWith('Failed to start HTTP/2 stream');
}

function defaultWait(delayMs: number, signal: AbortSignal): Promise<unknown> {
  return delay(delayMs, undefined, { signal });
}
