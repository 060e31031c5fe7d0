import { undecodable } from './undecodable.js';

/**
 * Converts an id of the wire to a number.
 *
 * @param field its path, for the message
 * @throws DispatchError `UNDECODABLE` above 2^53-1, where numbers are no longer exact.
 */
export function decodeId(id: bigint, field: string): number {
  if (id <= Number.MAX_SAFE_INTEGER) return Number(id);
  throw undecodable(field, `is ${id}, above 2^53-1, where numbers are no longer exact`);
}

/**
 * Converts an id to the wire format.
 *
 * @param field its path, for the message
 * @throws RangeError when it is not an integer from 0 to 2^53-1.
 */
export function encodeId(id: number, field: string): bigint {
  if (Number.isSafeInteger(id) && id >= 0) return BigInt(id);
  throw new RangeError(`${field} must be an integer from 0 to 2^53-1, not ${typeof id === 'string' ? `'${id}'` : id}`);
}

/**
 * Checks a `uint32` of the wire.
 *
 * @param field its path, for the message
 * @throws RangeError when it is not an integer from 0 to 2^32-1.
 */
export function encodeUint32(value: number, field: string): number {
  if (value >>> 0 === value) return value;
  throw new RangeError(`${field} must be an integer from 0 to 2^32-1, not ${value}`);
}

/**
 * Checks an `int32` of the wire.
 *
 * @param field its path, for the message
 * @throws RangeError when it is not an integer from -2^31 to 2^31-1.
 */
export function encodeInt32(value: number, field: string): number {
  if ((value | 0) === value) return value;
  throw new RangeError(`${field} must be an integer from -2^31 to 2^31-1, not ${value}`);
}
