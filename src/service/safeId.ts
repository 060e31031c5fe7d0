import { DispatchError } from '../model/dispatchError.js';

/**
 * An id of the wire as a number.
 *
 * @param field - the field of the request that holds it, for the message.
 * @throws DispatchError INVALID_ARGUMENT above 2^53 - 1, where numbers are no longer exact.
 */
export function safeId(field: string, id: bigint): number {
  if (id <= Number.MAX_SAFE_INTEGER) return Number(id);
  throw new DispatchError(
    'INVALID_ARGUMENT',
    `${field}: ${id} is above 2^53 - 1, which this service cannot represent`,
    {
      field,
    },
  );
}
