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
import { jsonViolations, missingIds } from './jsonViolations.js';

/** Maximum length of a reason. */
const MAX_REASON_LENGTH = 200;
const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Encodes a message that arrived as JSON.
 *
 * @param areIdsNeeded - whether it must give the ids of what it is about.
 * @throws DispatchError INVALID_ARGUMENT that names the field that is wrong, also one that does not exist.
 */
export function encodedOfJson(type: DescMessage, json: Uint8Array, areIdsNeeded: boolean): Uint8Array {
  const text = textOf(json);
  const value = parsed(text);
  const [wrong] = jsonViolations(type, value);
  if (wrong) throw invalidJson(wrong);
  const [missing] = areIdsNeeded ? missingIds(type, value) : [];
  if (missing) throw invalidJson(missing);
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
