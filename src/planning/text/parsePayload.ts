import { LosslessNumber, parse } from 'lossless-json';

import { messageOf } from '../../model/dispatchError.js';
import type { JsonObject, JsonValue } from '../../model/dispatchRecord.js';
import { InvalidText } from './invalidText.js';

/** A key that a path can hold as it is. */
const PLAIN_KEY = /^[\p{L}_][\p{L}\p{N}_-]*$/u;

/**
 * Parses a payload: a JSON object, whose outer braces are optional.
 *
 * @throws InvalidText when the text is not a JSON object, has a key twice, or contains a number that a double would round, such as
 * 9007199254740993. The message names the field.
 */
export function parsePayload(text: string): JsonObject {
  return parseObject(text, 'payload', '{"power_kw": 5}');
}

/** Parses the JSON object of a dispatch as {@link parsePayload} does; a message names a field by its path in the object. */
export function parseJsonObject(text: string): JsonObject {
  return parseObject(text, '', '{"type": "CHARGE", "startTime": "2027-01-04T08:00:00Z", "selector": {"ids": [1]}}');
}

function parseObject(text: string, path: string, example: string): JsonObject {
  const trimmed = text.trim();
  let value: unknown;
  try {
    value = parse(/^\s*"[^"]*"\s*:/.test(trimmed) ? `{${trimmed}}` : trimmed);
  } catch (error) {
    throw new InvalidText(`It must be valid JSON: ${messageOf(error)}`);
  }
  if (!isObject(value)) throw new InvalidText(`It must be a JSON object, such as ${example}.`);
  return exactObject(value, path);
}

function exactObject(object: object, path: string): JsonObject {
  const entries = Object.entries(object).map(
    ([key, member]) => [key, exact(member, path === '' ? key : path + step(key))] as const,
  );
  // Unlike an assignment it keeps a key such as __proto__.
  return Object.fromEntries(entries);
}

function exact(value: unknown, path: string): JsonValue {
  if (value instanceof LosslessNumber) return exactNumber(value.value, path);
  if (Array.isArray(value)) return value.map((entry, index) => exact(entry, `${path}[${index}]`));
  if (isObject(value)) return exactObject(value, path);
  return value as JsonValue;
}

function exactNumber(text: string, path: string): number {
  const value = Number(text);
  if (!Number.isFinite(value)) throw new InvalidText(`${path} must be at most ${Number.MAX_VALUE}, got ${text}.`);
  if (decimalOf(text) === decimalOf(String(value))) return value;
  throw new InvalidText(`${path} is ${text}, which would be rounded to ${value}; pass it as a string to keep it.`);
}

/** The digits and the exponent of a number, the same however it is written: 1.50, 15e-1 and 1.5 are `15e-1`. */
function decimalOf(text: string): string {
  const [, whole = '', fraction = '', exponent = '0'] = /^-?(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i.exec(text) ?? [];
  const digits = (whole + fraction).replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  return significant === ''
    ? '0'
    : `${significant}e${Number(exponent) - fraction.length + digits.length - significant.length}`;
}

function step(key: string): string {
  return PLAIN_KEY.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof LosslessNumber);
}
