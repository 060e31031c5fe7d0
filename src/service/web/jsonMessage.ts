import {
  type DescField,
  type DescMessage,
  fromBinary,
  fromJson,
  fromJsonString,
  type JsonValue,
  toBinary,
  toJsonString,
} from '@bufbuild/protobuf';

import { DispatchError, messageOf } from '../../model/dispatchError.js';

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
  try {
    return toBinary(type, fromJsonString(type, text));
  } catch (error) {
    throw wrongJson(type, text, error);
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

function wrongJson(type: DescMessage, text: string, error: unknown): DispatchError {
  let json: JsonValue;
  try {
    json = JSON.parse(text);
  } catch (syntaxError) {
    return new DispatchError('INVALID_ARGUMENT', `the request is no JSON: ${messageOf(syntaxError)}`);
  }
  const { field, reason } = problemOf(type, json, '') ?? { field: '', reason: reasonOf(error) };
  if (field === '') return new DispatchError('INVALID_ARGUMENT', `the request cannot be decoded: ${reason}`);
  const description = `${field}: ${reason}`;
  return new DispatchError('INVALID_ARGUMENT', description, { field, violations: [{ field, description }] });
}

interface JsonProblem {
  /** Path of the field, in the names of the protocol. */
  readonly field: string;
  readonly reason: string;
}

/** What of a message in JSON cannot be read: the library tells the type of a field, and not always where it is. */
function problemOf(type: DescMessage, json: JsonValue, path: string): JsonProblem | null {
  const error = failureOf(type, json);
  if (error === null) return null;
  const itself = { field: path, reason: reasonOf(error) };
  if (!isObject(json) || type.typeName.startsWith('google.protobuf.')) return itself;
  for (const [key, value] of Object.entries(json)) {
    const field = type.fields.find(({ name, jsonName }) => name === key || jsonName === key);
    const place = `${path === '' ? '' : `${path}.`}${field?.name ?? key}`;
    if (!field) return { field: place, reason: `is no field of ${type.name}` };
    const problem = fieldProblem(type, field, value, place);
    if (problem) return problem;
  }
  return itself;
}

function fieldProblem(type: DescMessage, field: DescField, value: JsonValue, place: string): JsonProblem | null {
  const error = failureOf(type, { [field.jsonName]: value });
  if (error === null) return null;
  if (field.fieldKind === 'list' && Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      const problem =
        field.listKind === 'message'
          ? problemOf(field.message, item, `${place}[${index}]`)
          : itemProblem(failureOf(type, { [field.jsonName]: [item] }), `${place}[${index}]`);
      if (problem) return problem;
    }
  }
  const within = field.fieldKind === 'message' ? problemOf(field.message, value, place) : null;
  return within ?? { field: place, reason: reasonOf(error) };
}

function itemProblem(error: unknown, field: string): JsonProblem | null {
  return error === null ? null : { field, reason: reasonOf(error).replace(/^list item #1: /, '') };
}

/** The error of decoding; null when it succeeds. */
function failureOf(type: DescMessage, json: JsonValue): unknown {
  try {
    fromJson(type, json);
    return null;
  } catch (error) {
    return error;
  }
}

/** What the library says, without its names of fields and types. */
function reasonOf(error: unknown): string {
  return messageOf(error)
    .replace(/^cannot decode .*? from JSON:? /s, '')
    .slice(0, MAX_REASON_LENGTH);
}

function isObject(json: JsonValue): json is { [key: string]: JsonValue } {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}
