import type { Metadata } from '@grpc/grpc-js';
import type { CallContext } from 'nice-grpc-common';

import type { ExpiringId } from '../domain/dispatchStore.js';
import type { ApiKey } from './keyRing.js';

/** The access of a call that was accepted. */
export interface CallAccess {
  /** The API key of the call. */
  readonly apiKey: ApiKey;
  /** The nonce of its signature, for the store; absent if it is not signed. */
  readonly nonce?: ExpiringId | undefined;
}

/** What middleware adds to the context of a call. */
export interface AccessContext {
  readonly access: CallAccess;
}

/** A call that was let in by its headers, and whose request may still be arriving. */
export interface AdmittedCall {
  readonly access: CallAccess;
  /**
   * Counts the request, once it has arrived.
   *
   * @throws DispatchError RESOURCE_EXHAUSTED when its key exceeds the rate.
   */
  charge(bytes: number): void;
  /** The request has arrived and is served from now on. Returns a function to call when that has ended. */
  serve(): () => void;
}

/** Metadata that stands for the call; what a caller sends under this name is replaced. */
const ADMISSION = 'admission-bin';

const calls = new WeakMap<object, AdmittedCall>();

/** Adds a call that was let in to its metadata, for the middleware, which gets a copy of them. */
export function attachAdmitted(metadata: Metadata, call: AdmittedCall): void {
  const token = Buffer.alloc(0);
  calls.set(token, call);
  metadata.set(ADMISSION, token);
}

/**
 * Returns the call that was let in with these metadata.
 *
 * @throws Error when none was.
 */
export function admittedCall({ metadata }: Pick<CallContext, 'metadata'>): AdmittedCall {
  const token = metadata.get(ADMISSION);
  const call = typeof token === 'object' ? calls.get(token) : undefined;
  if (!call) throw new Error('the call was not judged by its headers');
  return call;
}
