import { DispatchError } from '../../model/dispatchError.js';
import type { IdempotencyKey, StoredDispatch } from '../domain/dispatchStore.js';

/** A request that was done, and what it left. */
export interface CompletedRequest extends IdempotencyKey {
  readonly dispatch: StoredDispatch;
}

/**
 * What a request gets that was done before; null when it was not, or too long ago.
 *
 * @throws DispatchError INVALID_ARGUMENT when the one that was done has another content.
 */
export function earlierResult(
  completed: CompletedRequest | undefined,
  request: IdempotencyKey,
  nowUs: number,
): StoredDispatch | null {
  if (!completed || completed.untilUs <= nowUs) return null;
  if (completed.hash === request.hash) return completed.dispatch;
  throw new DispatchError('INVALID_ARGUMENT', 'request-id: it was used before, for a request with another content', {
    field: 'request-id',
  });
}

/** Why a call is refused whose nonce was taken before. */
export function reusedNonce(): DispatchError {
  return new DispatchError('UNAUTHENTICATED', 'the nonce of the signature was used before');
}
