import { DispatchError } from '../../model/dispatchError.js';
import type { IdempotencyKey, StoredDispatch } from '../domain/dispatchStore.js';

/** A request that was completed, and its result. */
export interface CompletedRequest extends IdempotencyKey {
  readonly dispatch: StoredDispatch;
}

/**
 * Returns the result of a request that was completed before; null when it was not, or it has expired.
 *
 * @throws DispatchError INVALID_ARGUMENT when the completed request has different content.
 */
export function earlierResult(
  completed: CompletedRequest | undefined,
  request: IdempotencyKey,
  nowUs: number,
): StoredDispatch | null {
  if (!completed || completed.untilUs <= nowUs) return null;
  if (completed.hash === request.hash) return completed.dispatch;
  throw new DispatchError('INVALID_ARGUMENT', 'request-id: already used for a request with different content', {
    field: 'request-id',
  });
}

/** The error for a call whose nonce was used before. */
export function reusedNonce(): DispatchError {
  return new DispatchError('UNAUTHENTICATED', 'the nonce of the signature was already used');
}
