import type { CallContext } from 'nice-grpc-common';

import type { ExpiringId } from '../domain/dispatchStore.js';
import type { ApiKey, Caller } from './keyRing.js';

/** What is known of a call once it is let in. */
export interface CallAccess {
  /** The key that it has shown. */
  readonly apiKey: ApiKey;
  /** The nonce of its signature, for the store; absent where it is not signed. */
  readonly nonce?: ExpiringId | undefined;
}

/** What {@link authenticate} adds to the context of a call. */
export interface AccessContext {
  readonly access: CallAccess;
}

const callers = new WeakMap<CallContext['metadata'], Caller>();

/**
 * Who makes a call, for middlewares outside of the one that finds it out: to be asked when the call has ended.
 *
 * @returns undefined when the call was refused before it was known, or needs no key.
 */
export function callerOf(context: CallContext): Caller | undefined {
  return callers.get(context.metadata);
}

/** Makes known who makes a call. */
export function setCaller(context: CallContext, caller: Caller): void {
  callers.set(context.metadata, caller);
}
