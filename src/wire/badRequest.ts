import { BinaryReader } from '@bufbuild/protobuf/wire';
import type { FieldViolation } from '../model/dispatchError.js';

/** Trailer of a failed call: a `google.rpc.Status` with the details of the error. */
export const STATUS_DETAILS = 'grpc-status-details-bin';

const BAD_REQUEST = 'google.rpc.BadRequest';

/**
 * Reads the violations from the `google.rpc.BadRequest` of a `google.rpc.Status`. Returns none when there are no such details
 * or they cannot be read: the error itself is reported in any case.
 */
export function decodeViolations(statusDetails: Uint8Array | undefined): readonly FieldViolation[] {
  if (statusDetails === undefined) return [];
  try {
    return fieldsOf(statusDetails, 3)
      .filter(any => text(any, 1).endsWith(`/${BAD_REQUEST}`))
      .flatMap(any => fieldsOf(any, 2))
      .flatMap(badRequest => fieldsOf(badRequest, 1))
      .map(violation => ({ field: text(violation, 1), description: text(violation, 2) }));
  } catch {
    return [];
  }
}

/** The contents of a length-delimited field of a message. */
function fieldsOf(message: Uint8Array, field: number): Uint8Array[] {
  const reader = new BinaryReader(message);
  const contents: Uint8Array[] = [];
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag === ((field << 3) | 2)) contents.push(reader.bytes());
    else reader.skip(tag & 7);
  }
  return contents;
}

/** The last occurrence counts. */
function text(message: Uint8Array, field: number): string {
  return new TextDecoder().decode(fieldsOf(message, field).at(-1));
}
