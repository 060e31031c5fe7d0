import { deepFreeze } from '../model/deepFreeze.js';
import type { JsonObject, JsonValue } from '../model/dispatchRecord.js';
import { encodeText } from './textCodec.js';
import { undecodable } from './undecodable.js';

/** How deep objects and lists may nest, so that every reader of protobuf, which stops at 100 messages, can follow. */
const MAX_LEVELS = 32;

/**
 * The payload of a message, deep-frozen in place.
 *
 * @param field its path, for messages
 * @throws DispatchError `UNDECODABLE` when it holds NaN or an infinity, which JSON cannot.
 */
export function decodePayload(payload: JsonObject | undefined, field: string): JsonObject {
  const decoded = payload ?? {};
  checkFinite(decoded, field);
  return deepFreeze(decoded);
}

/**
 * A payload as a message holds it.
 *
 * @param field its path, for messages
 * @throws RangeError when it holds what JSON cannot (NaN, an infinity, a Date, a bigint, undefined, …), a text that UTF-8
 *   cannot, or nests more than 32 levels deep, as one that contains itself does.
 */
export function encodePayload(payload: JsonObject, field: string): JsonObject {
  if (!isPlainObject(payload)) throw new RangeError(`${field} must be a JSON object, not ${describe(payload)}`);
  checkJson(payload, field, MAX_LEVELS);
  return payload;
}

function checkFinite(value: JsonValue, field: string): void {
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw undecodable(field, `is ${value}, which JSON cannot hold`);
  }
  if (typeof value !== 'object' || value === null) return;
  for (const [key, member] of Object.entries(value)) checkFinite(member, `${field}.${key}`);
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
  // The entries of a list, unlike those of an object, include its holes.
  const members = Array.isArray(value) ? value.entries() : Object.entries(value);
  for (const [key, member] of members) {
    if (typeof key === 'string') encodeText(key, `a key of ${field}`);
    checkJson(member, `${field}.${key}`, levelsLeft - 1);
  }
}

function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype = Object.getPrototypeOf(value);
  // Plain objects of another realm have a prototype of their own, but nothing above it.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function describe(value: unknown): string {
  if (typeof value === 'object' && value !== null) return value.constructor?.name ?? 'object';
  return typeof value === 'number' ? String(value) : typeof value;
}
