import type { CallContext } from 'nice-grpc-common';

import type { ExpiringId } from '../domain/dispatchStore.js';
import type { ApiKey, Caller } from './keyRing.js';

/** The access of a call that was accepted. */
export interface CallAccess {
  /** The API key of the call. */
  readonly apiKey: ApiKey;
  /** The nonce of its signature, for the store; absent if it is not signed. */
  readonly nonce?: ExpiringId | undefined;
}

/** What {@link authenticate} adds to the context of a call. */
export interface AccessContext {
  readonly access: CallAccess;
}

const callers = new WeakMap<CallContext['metadata'], Caller>();

/**
 * Returns the caller, for middleware outside of the one that authenticates; to be called when the call has ended.
 *
 * @returns undefined when the call was refused before authentication, or needs no key.
 */
export function callerOf(context: CallContext): Caller | undefined {
  return callers.get(context.metadata);
}

/** Stores the caller of a call. */
export function setCaller(context: CallContext, caller: Caller): void {
  callers.set(context.metadata, caller);
}
