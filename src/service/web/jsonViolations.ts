import { type DescEnum, type DescField, type DescMessage, type JsonValue, ScalarType } from '@bufbuild/protobuf';

import { hasLoneSurrogate } from '../../wire/textCodec.js';
import { calendarMs, timestampProblem } from '../../wire/timestampCodec.js';
import { quoted, type Violation } from '../domain/invalidRequest.js';
import { MAX_LEVELS, pathStep } from '../domain/payloadViolations.js';

type JsonObject = { readonly [key: string]: JsonValue };

const MAX_UINT64 = 2n ** 64n - 1n;
/** RFC 3339 in upper case; what comes before a fraction of up to nine digits is a time of the calendar if there is one. */
const TIME = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d{1,9})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;
const DECIMAL = /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i;

/**
 * Validates a message in JSON by the mapping of protobuf, in the names of JSON. Beyond that, a time must be in the calendar, where a decoder may take 30 February for a
 * day in March, and a text must be one that UTF-8 can represent, as otherwise another one would be stored.
 *
 * @param path - of the message; empty for a request.
 */
export function* jsonViolations(type: DescMessage, json: JsonValue, path = ''): Generator<Violation> {
  if (!isObject(json)) {
    const [first] = type.fields;
    const example = first ? `{"${first.jsonName}": …}` : '{}';
    yield { field: path, problem: `must be an object such as ${example}, not ${shown(json)}` };
    return;
  }
  const given = new Set<DescField>();
  for (const [key, value] of Object.entries(json)) {
    const field = type.fields.find(({ name, jsonName }) => name === key || jsonName === key);
    if (!field) {
      const names = type.fields.map(({ jsonName }) => jsonName).join(', ');
      yield { field: placeOf(path, key), problem: `is no field of ${type.name}, which has ${names || 'none'}` };
      continue;
    }
    const place = placeOf(path, field.jsonName);
    if (given.has(field)) yield { field: place, problem: `is given twice, also as ${field.name}` };
    given.add(field);
    // As if it were absent.
    if (value === null) continue;
    const other = field.oneof?.fields.find(each => each !== field && given.has(each) && isGiven(json, each));
    if (other) yield { field: place, problem: `must not be given beside ${other.jsonName}` };
    yield* fieldViolations(field, value, place);
  }
}

/** The ids that a request in JSON does not give. Protobuf takes a missing one for 0, the id of a microgrid that there may be. */
export function* missingIds({ fields }: DescMessage, json: JsonValue): Generator<Violation> {
  for (const field of fields) {
    if (isRequestId(field) && !(isObject(json) && isGiven(json, field))) {
      yield { field: field.jsonName, problem: 'must be given, also if it is 0' };
    }
  }
}

/** Whether a field of a request is the id of what it is about. */
export function isRequestId({ fieldKind, scalar, proto }: DescField): boolean {
  return fieldKind === 'scalar' && scalar === ScalarType.UINT64 && !proto.proto3Optional;
}

function* fieldViolations(field: DescField, json: JsonValue, path: string): Generator<Violation> {
  if (field.fieldKind !== 'list') yield* valueViolations(field, json, path);
  else if (!Array.isArray(json)) yield { field: path, problem: `must be a list, not ${shown(json)}` };
  else for (const [index, item] of json.entries()) yield* valueViolations(field, item, path + pathStep(index));
}

function* valueViolations({ message, ...field }: DescField, json: JsonValue, path: string): Generator<Violation> {
  if (message?.typeName === 'google.protobuf.Struct') yield* payloadViolations(json, path);
  else if (message && !message.typeName.startsWith('google.protobuf.')) yield* jsonViolations(message, json, path);
  else {
    const problem = message ? wellKnownProblem(message, json) : singleProblem(field, json);
    if (problem !== null) yield { field: path, problem };
  }
}

function wellKnownProblem({ typeName }: DescMessage, json: JsonValue): string | null {
  if (typeName === 'google.protobuf.Timestamp') return timeProblem(json);
  // Of its names the service says which ones there are.
  if (typeName !== 'google.protobuf.FieldMask' || (typeof json === 'string' && !json.includes('_'))) return null;
  return `must be a text of names in camel case, such as "isActive,startTime", not ${shown(json)}`;
}

function timeProblem(json: JsonValue): string | null {
  const [text, local = ''] = (typeof json === 'string' && TIME.exec(json)) || [];
  if (text === undefined) return `must be a text such as "2035-01-01T08:00:00Z" (RFC 3339), not ${shown(json)}`;
  if (Number.isNaN(calendarMs(local)))
    return `must be a time that exists, on a day of its month and within 00:00:00 to 23:59:59, not ${shown(json)}`;
  return timestampProblem({ seconds: BigInt(Math.floor(Date.parse(text) / 1000)), nanos: 0 });
}

function singleProblem({ enum: enumeration, scalar }: Omit<DescField, 'message'>, json: JsonValue): string | null {
  if (enumeration) return enumProblem(enumeration, json);
  switch (scalar) {
    case ScalarType.BOOL:
      return typeof json === 'boolean' ? null : `must be true or false, not ${shown(json)}`;
    case ScalarType.STRING:
      return typeof json === 'string' ? textProblem(json) : `must be a text, not ${shown(json)}`;
    case ScalarType.UINT32:
      return integerProblem(json, 0, 2 ** 32 - 1);
    case ScalarType.INT32:
      return integerProblem(json, -(2 ** 31), 2 ** 31 - 1);
    case ScalarType.UINT64:
      return idProblem(json);
    default:
      return null;
  }
}

/** Numbers that the contract does not know may be of a later one; the service says if it cannot take them. */
function enumProblem({ values }: DescEnum, json: JsonValue): string | null {
  if (Number.isInteger(json) || values.some(({ name }) => name === json)) return null;
  const meant = values.find(({ localName }) => localName === String(json).toUpperCase());
  const names = values.filter(({ number }) => number !== 0).map(({ name }) => name);
  return `must be ${meant?.name ?? `one of ${names.join(', ')}`}, not ${shown(json)}`;
}

function textProblem(text: string): string | null {
  return hasLoneSurrogate(text) ? 'must not contain a lone surrogate' : null;
}

function integerProblem(json: JsonValue, least: number, most: number): string | null {
  const number = typeof json === 'string' && DECIMAL.test(json) ? Number(json) : json;
  if (typeof number === 'number' && Number.isInteger(number) && number >= least && number <= most) return null;
  return `must be an integer from ${least} to ${most}, not ${shown(json)}`;
}

/** A number above 2^53-1 may be another one than was written. */
function idProblem(json: JsonValue): string | null {
  const isId =
    typeof json === 'string'
      ? /^\d{1,20}$/.test(json) && BigInt(json) <= MAX_UINT64
      : Number.isSafeInteger(json) && Number(json) >= 0;
  return isId ? null : `must be an integer from 0 to 2^64-1, as a text above 2^53-1, not ${shown(json)}`;
}

function* payloadViolations(json: JsonValue, path: string): Generator<Violation> {
  if (isObject(json)) yield* textViolations(json, path, 1);
  else yield { field: path, problem: `must be an object such as {"power_kw": 4.2}, not ${shown(json)}` };
}

/** What nests deeper than a payload may is refused in any case. */
function* textViolations(json: JsonValue, path: string, level: number): Generator<Violation> {
  const problem = typeof json === 'string' ? textProblem(json) : null;
  if (problem !== null) yield { field: path, problem };
  if (typeof json !== 'object' || json === null || level > MAX_LEVELS) return;
  const members: Iterable<[number | string, JsonValue]> = Array.isArray(json) ? json.entries() : Object.entries(json);
  for (const [key, value] of members) {
    if (typeof key === 'string' && hasLoneSurrogate(key))
      yield { field: path, problem: `must not have a key with a lone surrogate, such as ${quoted(key)}` };
    yield* textViolations(value, path + pathStep(key), level + 1);
  }
}

function placeOf(path: string, key: string): string {
  return path === '' ? pathStep(key).replace(/^\./, '') : path + pathStep(key);
}

function isGiven(json: JsonObject, { name, jsonName }: DescField): boolean {
  return (json[jsonName] ?? json[name] ?? null) !== null;
}

function shown(json: JsonValue): string {
  if (Array.isArray(json)) return 'a list';
  if (typeof json === 'string') return quoted(json);
  return isObject(json) ? 'an object' : String(json);
}

function isObject(json: JsonValue): json is { [key: string]: JsonValue } {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}
