import { BinaryReader } from '@bufbuild/protobuf/wire';
import { Any, BadRequest } from 'nice-grpc-error-details';
import type { FieldViolation } from '../model/dispatchError.js';

/** Trailer of a failed call: a `google.rpc.Status` with the details of the error. */
export const STATUS_DETAILS = 'grpc-status-details-bin';

/** Key of `google.rpc.Status.details` in the bytes: field 3, length-delimited. */
const DETAILS_TAG = (3 << 3) | 2;

/**
 * Reads the violations from the `google.rpc.BadRequest` of a `google.rpc.Status`. Returns none when there are no such details
 * or they cannot be read: the error itself is reported in any case.
 */
export function decodeViolations(statusDetails: Uint8Array | undefined): readonly FieldViolation[] {
  if (statusDetails === undefined) return [];
  try {
    return detailsOf(statusDetails)
      .filter(({ typeUrl }) => typeUrl.endsWith(`/${BadRequest.$type}`))
      .flatMap(({ value }) => BadRequest.decode(value).fieldViolations)
      .map(({ field, description }) => ({ field, description }));
  } catch {
    return [];
  }
}

function detailsOf(status: Uint8Array): Any[] {
  const reader = new BinaryReader(status);
  const details: Any[] = [];
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag === DETAILS_TAG) details.push(Any.decode(reader.bytes()));
    else reader.skip(tag & 7);
  }
  return details;
}
