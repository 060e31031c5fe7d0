import type { JsonObject, JsonValue } from '../model/dispatchRecord.js';
import { utf8Length } from './utf8Length.js';

/**
 * The number of bytes of an encoded `Struct`. Much cheaper than encoding it, which sorts keys, so that a payload that is far too
 * long is refused fast.
 */
export function structByteLength(object: JsonObject): number {
  let length = 0;
  for (const [key, value] of Object.entries(object)) {
    length += fieldLength(fieldLength(utf8Length(key)) + fieldLength(valueLength(value)));
  }
  return length;
}

function valueLength(value: JsonValue): number {
  if (value === null || typeof value === 'boolean') return 2;
  if (typeof value === 'number') return 9;
  if (typeof value === 'string') return fieldLength(utf8Length(value));
  return fieldLength(isList(value) ? listLength(value) : structByteLength(value));
}

function listLength(list: readonly JsonValue[]): number {
  return list.reduce((length: number, item) => length + fieldLength(valueLength(item)), 0);
}

/** The size of a field whose content has this many bytes: tag and length come first. */
function fieldLength(content: number): number {
  let length = 2 + content;
  for (let rest = content; rest >= 0x80; rest = Math.floor(rest / 0x80)) length += 1;
  return length;
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}
