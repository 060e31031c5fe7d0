import { deepFreeze } from '../model/deepFreeze.js';
import type { JsonObject, JsonValue } from '../model/dispatchRecord.js';
import { encodeText } from './textCodec.js';
import { undecodable } from './undecodable.js';

/** Maximum nesting of objects and lists: readers of protobuf stop at 100 nested messages. */
const MAX_LEVELS = 32;

/**
 * Reads the payload of a message, and deep-freezes it in place.
 *
 * @param field its path, for messages
 * @throws DispatchError `UNDECODABLE` when it holds NaN or an infinity, which JSON cannot represent.
 */
export function decodePayload(payload: JsonObject | undefined, field: string): JsonObject {
  const decoded = payload ?? {};
  checkFinite(decoded, field);
  return deepFreeze(decoded);
}

/**
 * Checks a payload before it is put into a message.
 *
 * @param field its path, for messages
 * @throws RangeError when it holds a value that JSON cannot represent (NaN, an infinity, a Date, a bigint, undefined, …) or a
 *   string that UTF-8 cannot, or nests more than 32 levels deep, which includes circular references.
 */
export function encodePayload(payload: JsonObject, field: string): JsonObject {
  if (!isPlainObject(payload)) throw new RangeError(`${field} must be a JSON object, not ${describe(payload)}`);
  checkJson(payload, field, MAX_LEVELS);
  return payload;
}

function checkFinite(value: JsonValue, field: string): void {
  const path = pathToInfinite(value);
  if (path !== null) throw undecodable(`${field}${path.text}`, `is ${path.value}, which JSON cannot hold`);
}

/** Where the first number is that JSON cannot hold; null when there is none. The path is only put together when there is one. */
function pathToInfinite(value: JsonValue): { readonly text: string; readonly value: number } | null {
  if (typeof value === 'number') return Number.isFinite(value) ? null : { text: '', value };
  if (typeof value !== 'object' || value === null) return null;
  const members: { readonly [key: string]: JsonValue } = value as never;
  for (const key in members) {
    const member = members[key];
    const path = member === undefined ? null : pathToInfinite(member);
    if (path !== null) return { text: `.${key}${path.text}`, value: path.value };
  }
  return null;
}

function checkJson(value: unknown, field: string, levelsLeft: number): void {
  if (value === null || typeof value === 'boolean' || Number.isFinite(value)) return;
  if (typeof value === 'string') {
    encodeText(value, field);
    return;
  }
  if (!Array.isArray(value) && !isPlainObject(value)) {
    throw new RangeError(`${field} must be JSON, not ${describe(value)}`);
  }
  if (levelsLeft === 0) throw new RangeError(`${field} must not be more than ${MAX_LEVELS} levels deep`);
  // Unlike Object.entries(), entries() of a list includes its holes.
  const members = Array.isArray(value) ? value.entries() : Object.entries(value);
  for (const [key, member] of members) {
    if (typeof key === 'string') encodeText(key, `a key of ${field}`);
    checkJson(member, `${field}.${key}`, levelsLeft - 1);
  }
}

function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype = Object.getPrototypeOf(value);
  // Plain objects of another realm have another Object.prototype, which has no prototype either.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function describe(value: unknown): string {
  if (typeof value === 'object' && value !== null) return value.constructor?.name ?? 'object';
  return typeof value === 'number' ? String(value) : typeof value;
}
