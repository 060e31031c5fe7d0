import type { Metadata } from '@grpc/grpc-js';
import type { Status } from 'nice-grpc-common';

import type { ExpiringId } from '../domain/dispatchStore.js';
import type { ApiKey } from './keyRing.js';

/** The access of a call that was accepted. */
export interface CallAccess {
  /** The API key of the call. */
  readonly apiKey: ApiKey;
  /** The nonce of its signature, for the store; absent if it is not signed. */
  readonly nonce?: ExpiringId | undefined;
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
  /**
   * Calls a function when the connection of the call has reached its age, unless the one that is returned was called before.
   */
  endWithConnection(end: () => void): () => void;
  /** The status that its caller got already, as grpc-js ends calls by itself; null when it has none. */
  statusSent(): { readonly status: Status; readonly details: string } | null;
  /** The request has arrived and is served from now on. */
  serve(): void;
  /** It is no longer served. */
  served(): void;
}

const ADMITTED = Symbol('admitted');

/** Adds a call that was let in to its metadata, which grpc-js hands over to what serves it. */
export function attachAdmitted(metadata: Metadata & { [ADMITTED]?: AdmittedCall }, call: AdmittedCall): void {
  metadata[ADMITTED] = call;
}

/**
 * Returns the call that was let in with these metadata.
 *
 * @throws Error when none was.
 */
export function admittedCall(metadata: Metadata & { readonly [ADMITTED]?: AdmittedCall }): AdmittedCall {
  const call = metadata[ADMITTED];
  if (!call) throw new Error('the call was not judged by its headers');
  return call;
}
