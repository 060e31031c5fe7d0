import { type DescEnum, type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf';
import { integer, pick } from '../random.js';
import { HOSTILE_DOUBLES, HOSTILE_INTEGERS, HOSTILE_TEXTS, NO_TEXTS } from './hostileValues.js';
import { plausible } from './plausibleValues.js';
import { field as encoded, sized, varint, WIRE } from './wire.js';

/** What a message is made from. */
export interface Making {
  readonly random: () => number;
  /** How probable it is, in each place, that something hostile stands there. With 0 the message could be a client's. */
  readonly chaos: number;
  /** Ids of dispatches that were there. */
  readonly dispatchIds: readonly bigint[];
  /** Page tokens that the service gave. */
  readonly pageTokens: readonly string[];
}

interface Limited extends Making {
  /** Fields that may still be written. */
  left: number;
}

/** Struct nests by itself: without limits a message would have no end. */
const MAX_DEPTH = 7;
const MAX_FIELDS = 2_000;

/**
 * A random message of a type of the contract, encoded: valid in its form, with extreme numbers, odd texts, unknown enum
 * numbers, unknown fields, fields that are given twice, and several members of a oneof, as often as `chaos` says.
 */
export function hostileMessage(desc: DescMessage, making: Making): Buffer {
  return messageOf(desc, { ...making, left: MAX_FIELDS }, 0);
}

function messageOf(desc: DescMessage, making: Limited, depth: number): Buffer {
  const { random, chaos } = making;
  const hostile = () => random() < chaos;
  const parts: Buffer[] = [];
  for (const oneof of desc.oneofs) {
    const members = oneof.fields.filter(() => hostile());
    if (random() < 0.8) members.push(pick(oneof.fields, random));
    for (const member of members) parts.push(fieldOf(member, making, depth));
  }
  for (const field of desc.fields) {
    if (field.oneof) continue;
    const times = hostile() ? integer(0, 3, random) : Number(random() < plausible(field, making).presence);
    for (let count = 0; count < times; count += 1) parts.push(fieldOf(field, making, depth));
  }
  if (random() < chaos / 5) parts.push(unknownField(random));
  if (hostile()) parts.sort(() => random() - 0.5);
  return Buffer.concat(parts);
}

function fieldOf(field: DescField, making: Limited, depth: number): Buffer {
  const { random, chaos } = making;
  const value = (): Buffer => encodedValue(field, making, depth);
  if (field.fieldKind !== 'list' && field.fieldKind !== 'map') return value();
  const giant = random() < chaos / 50;
  const length = giant ? integer(1_000, 3_000, random) : integer(1, 3, random);
  return Buffer.concat(Array.from({ length }, value));
}

function encodedValue(field: DescField, making: Limited, depth: number): Buffer {
  const { random, chaos } = making;
  const { number } = field;
  if (making.left <= 0) return Buffer.alloc(0);
  making.left -= 1;
  if (random() < chaos / 50) return encoded(number, pick(Object.values(WIRE), random), Buffer.alloc(8));
  if (field.fieldKind === 'map') return encoded(number, WIRE.text, sized(entryOf(field, making, depth)));
  if (field.message) {
    const deep = depth > MAX_DEPTH && random() > chaos / 10;
    const known = random() < chaos ? undefined : plausible(field, making).message?.();
    const message = known ?? (deep ? Buffer.alloc(0) : messageOf(field.message, making, depth + 1));
    return encoded(number, WIRE.text, sized(message));
  }
  if (field.enum) return encoded(number, WIRE.varint, varint(enumNumber(field.enum, making)));
  const scalar = field.scalar as ScalarType;
  const { value } = plausible(field, making);
  const chosen = random() < chaos ? undefined : value?.();
  if (scalar === ScalarType.STRING) {
    return encoded(number, WIRE.text, sized(chosen === undefined ? hostileText(making) : Buffer.from(String(chosen))));
  }
  if (scalar === ScalarType.DOUBLE) {
    const double = Buffer.alloc(8);
    double.writeDoubleLE(Number(chosen ?? pick(HOSTILE_DOUBLES, random)));
    return encoded(number, WIRE.fixed64, double);
  }
  const padding = random() < chaos / 20 ? integer(1, 12, random) : 0;
  return encoded(number, WIRE.varint, varint(BigInt(chosen ?? pick(HOSTILE_INTEGERS, random)), padding));
}

function entryOf(field: DescField & { fieldKind: 'map' }, making: Limited, depth: number): Buffer {
  const { random, chaos } = making;
  const key = random() < chaos ? hostileText(making) : Buffer.from(pick(['a', 'b', 'setpoint'], random));
  const parts = [encoded(1, WIRE.text, sized(key))];
  if (field.message && depth <= MAX_DEPTH) {
    parts.push(encoded(2, WIRE.text, sized(messageOf(field.message, making, depth + 1))));
  }
  return Buffer.concat(parts);
}

function hostileText({ random, chaos }: Making): Buffer {
  if (random() < chaos / 200) return Buffer.alloc(integer(1_000, 60_000, random), 'ü');
  // Rarely: with one of them the whole message is unreadable.
  return pick(random() < chaos / 20 ? NO_TEXTS : HOSTILE_TEXTS, random);
}

function enumNumber({ values }: DescEnum, { random, chaos }: Making): bigint {
  if (random() < chaos) return pick(HOSTILE_INTEGERS, random);
  return BigInt(pick(values.length > 1 ? values.slice(1) : values, random).number);
}

function unknownField(random: () => number): Buffer {
  const number = pick([0, 9, 15, 16, 19_000, 536_870_911], random);
  const value = pick([varint(1n), sized(Buffer.from('unknown')), Buffer.alloc(8)], random);
  return encoded(number, pick(Object.values(WIRE), random), value);
}
