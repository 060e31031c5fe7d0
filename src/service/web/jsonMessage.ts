import {
  type DescMessage,
  fromBinary,
  fromJsonString,
  type JsonValue,
  toBinary,
  toJsonString,
} from '@bufbuild/protobuf';

import { DispatchError, messageOf } from '../../model/dispatchError.js';
import type { Violation } from '../domain/invalidRequest.js';
import { jsonViolations } from './jsonViolations.js';

/** Maximum length of a reason. */
const MAX_REASON_LENGTH = 200;
const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Encodes a message that arrived as JSON.
 *
 * @throws DispatchError INVALID_ARGUMENT that names the field that is wrong, also one that does not exist.
 */
export function encodedOfJson(type: DescMessage, json: Uint8Array): Uint8Array {
  const text = textOf(json);
  const [wrong] = jsonViolations(type, parsed(text));
  if (wrong) throw invalidJson(wrong);
  try {
    return toBinary(type, fromJsonString(type, text));
  } catch (error) {
    throw new DispatchError('INVALID_ARGUMENT', `the request cannot be decoded: ${reasonOf(error)}`);
  }
}

/** An encoded message as JSON; fields that are at their defaults are there, too, unless they are optional. */
export function jsonOfEncoded(type: DescMessage, encoded: Uint8Array): Uint8Array {
  return Buffer.from(toJsonString(type, fromBinary(type, encoded), { alwaysEmitImplicit: true }));
}

function textOf(json: Uint8Array): string {
  try {
    return utf8.decode(json);
  } catch {
    throw new DispatchError('INVALID_ARGUMENT', 'the request is no JSON: it is not encoded in UTF-8');
  }
}

function parsed(text: string): JsonValue {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new DispatchError('INVALID_ARGUMENT', `the request is no JSON: ${messageOf(error)}`);
  }
}

function invalidJson({ field, problem }: Violation): DispatchError {
  if (field === '') return new DispatchError('INVALID_ARGUMENT', `the request ${problem}`);
  const description = `${field}: ${problem}`;
  return new DispatchError('INVALID_ARGUMENT', description, { field, violations: [{ field, description }] });
}

/** What the library says, without its names of fields and types. */
function reasonOf(error: unknown): string {
  return messageOf(error)
    .replace(/^cannot decode .*? from JSON:? /s, '')
    .slice(0, MAX_REASON_LENGTH);
}
