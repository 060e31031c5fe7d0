import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';
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

/** Encodes a `google.rpc.Status` with a code, a message and the violations as a `google.rpc.BadRequest`. */
export function encodeStatusDetails(code: number, message: string, violations: readonly FieldViolation[]): Uint8Array {
  const badRequest = new BinaryWriter();
  for (const { field, description } of violations) {
    badRequest.uint32(tag(1)).fork().uint32(tag(1)).string(field).uint32(tag(2)).string(description).join();
  }
  return new BinaryWriter()
    .uint32(8)
    .int32(code)
    .uint32(tag(2))
    .string(message)
    .uint32(tag(3))
    .fork()
    .uint32(tag(1))
    .string(`type.googleapis.com/${BAD_REQUEST}`)
    .uint32(tag(2))
    .bytes(badRequest.finish())
    .join()
    .finish();
}

/** The key of a length-delimited field in the bytes. */
function tag(field: number): number {
  return (field << 3) | 2;
}

/** The contents of a length-delimited field of a message. */
function fieldsOf(message: Uint8Array, field: number): Uint8Array[] {
  const reader = new BinaryReader(message);
  const contents: Uint8Array[] = [];
  while (reader.pos < reader.len) {
    const key = reader.uint32();
    if (key === tag(field)) contents.push(reader.bytes());
    else reader.skip(key & 7);
  }
  return contents;
}

/** The last occurrence counts. */
function text(message: Uint8Array, field: number): string {
  return new TextDecoder().decode(fieldsOf(message, field).at(-1));
}
