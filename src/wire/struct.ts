import { BinaryWriter } from '@bufbuild/protobuf/wire';
import type { JsonObject, JsonValue } from '../model/dispatchRecord.js';
import type { StrictReader } from './strictReader.js';

export type { JsonObject };

type MutableObject = { [key: string]: JsonValue };

/** Maximum nesting of messages in other languages; an object takes three messages, a list two. */
const MAX_DEPTH = 100;

/**
 * `google.protobuf.Struct`, represented by its JSON object. Replaces the code that ts-proto would generate, which drops the key
 * `__proto__` and writes keys in any order.
 *
 * Beyond JSON, a number may be NaN or an infinity.
 */
export const Struct = {
  /**
   * Appends the entries of `object` in the order of the UTF-8 bytes of their keys, the deterministic order of protobuf's Python
   * runtime. So equal objects have equal bytes.
   */
  encode(object: JsonObject, writer: BinaryWriter = new BinaryWriter()): BinaryWriter {
    for (const key of Object.keys(object).sort(compareKeys)) {
      writer.uint32(10).fork().uint32(10).string(key).uint32(18).fork();
      encodeValue(object[key], writer);
      writer.join().join();
    }
    return writer;
  },

  /** Reads `length` bytes of entries; adds them to `into` when the field occurred before. */
  decode(reader: StrictReader, length: number, into?: JsonObject): JsonObject {
    return decodeStruct(reader, length, into, 1);
  },
};

function encodeValue(value: JsonValue | undefined, writer: BinaryWriter): void {
  if (value === null) writer.uint32(8).int32(0);
  else if (typeof value === 'number') writer.uint32(17).double(value);
  else if (typeof value === 'string') writer.uint32(26).string(value);
  else if (typeof value === 'boolean') writer.uint32(32).bool(value);
  else if (isList(value)) {
    writer.uint32(50).fork();
    for (const item of value) {
      writer.uint32(10).fork();
      encodeValue(item, writer);
      writer.join();
    }
    writer.join();
  } else if (typeof value === 'object') Struct.encode(value, writer.uint32(42).fork()).join();
  else throw new TypeError(`JSON cannot represent a ${typeof value}`);
}

function decodeStruct(reader: StrictReader, length: number, into: JsonObject | undefined, depth: number): JsonObject {
  const object: MutableObject = into ?? {};
  const end = endOf(reader, length, depth);
  while (reader.isBefore(end)) {
    const tag = reader.fieldTag();
    if (tag === 10) decodeEntry(reader, reader.uint32(), object, depth + 1);
    else reader.skip(tag & 7, tag >>> 3);
  }
  return object;
}

function decodeEntry(reader: StrictReader, length: number, object: MutableObject, depth: number): void {
  let key = '';
  let value: JsonValue | undefined;
  const end = endOf(reader, length, depth);
  while (reader.isBefore(end)) {
    const tag = reader.fieldTag();
    if (tag === 10) key = reader.string();
    else if (tag === 18) value = decodeValue(reader, reader.uint32(), value, depth + 1);
    else reader.skip(tag & 7, tag >>> 3);
  }
  // A plain assignment to this key would replace the prototype.
  if (key === '__proto__') {
    Object.defineProperty(object, key, { value: value ?? null, enumerable: true, configurable: true, writable: true });
  } else object[key] = value ?? null;
}

/** A value without a kind, which no writer should send, is null. */
function decodeValue(reader: StrictReader, length: number, into: JsonValue | undefined, depth: number): JsonValue {
  let value: JsonValue = into ?? null;
  const end = endOf(reader, length, depth);
  while (reader.isBefore(end)) {
    const tag = reader.fieldTag();
    if (tag === 8) {
      reader.int32();
      value = null;
    } else if (tag === 17) value = reader.double();
    else if (tag === 26) value = reader.string();
    else if (tag === 32) value = reader.bool();
    else if (tag === 42) value = decodeStruct(reader, reader.uint32(), isObject(value) ? value : undefined, depth + 1);
    else if (tag === 50) value = decodeList(reader, reader.uint32(), isList(value) ? value : [], depth + 1);
    else reader.skip(tag & 7, tag >>> 3);
  }
  return value;
}

function decodeList(reader: StrictReader, length: number, into: readonly JsonValue[], depth: number): JsonValue[] {
  const list = [...into];
  const end = endOf(reader, length, depth);
  while (reader.isBefore(end)) {
    const tag = reader.fieldTag();
    if (tag === 10) list.push(decodeValue(reader, reader.uint32(), undefined, depth + 1));
    else reader.skip(tag & 7, tag >>> 3);
  }
  return list;
}

function endOf(reader: StrictReader, length: number, depth: number): number {
  if (depth > MAX_DEPTH) throw new RangeError(`a Struct is more than ${MAX_DEPTH} messages deep`);
  return reader.pos + length;
}

function isList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !isList(value);
}

/** The order of the UTF-8 bytes of their common length, then the longer one. */
function compareKeys(a: string, b: string): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i += 1) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (x !== y) return rankOf(x) - rankOf(y);
  }
  return b.length - a.length;
}

/** Surrogates stand for characters above all others, and have lower codes than some. */
function rankOf(utf16: number): number {
  return (utf16 & 0xf800) === 0xd800 ? utf16 + 0x10000 : utf16;
}
