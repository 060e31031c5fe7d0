import type { DescField } from '@bufbuild/protobuf';
import { integer, pick } from '../random.js';
import type { Making } from './hostileMessage.js';
import { field as encoded, sized, varint, WIRE } from './wire.js';

/** What a client would put into a field. */
export interface Plausible {
  /** How often it sets it. */
  readonly presence: number;
  readonly value?: () => bigint | number | string;
  readonly message?: () => Buffer;
}

const MASK_PATHS = [
  ...['start_time', 'duration', 'target', 'is_active', 'payload', 'recurrence'],
  ...['recurrence.freq', 'recurrence.interval', 'recurrence.end_criteria', 'recurrence.byhours'],
];

/** What a client would put into a field of the contract, by the field's name. Enums are left to who knows them. */
export function plausible(field: DescField, { random, dispatchIds, pageTokens }: Making): Plausible {
  const number = (least: number, most: number): Plausible => ({
    presence: 0.3,
    value: () => integer(least, most, random),
  });
  const always = (rest: Omit<Plausible, 'presence'>): Plausible => ({ presence: 1, ...rest });
  switch (field.name) {
    case 'microgrid_id':
      return always({ value: () => 1n });
    case 'dispatch_id':
    case 'dispatch_ids':
      return { presence: field.name === 'dispatch_id' ? 1 : 0.1, value: () => pick([1n, ...dispatchIds], random) };
    case 'dispatch_data':
    case 'update':
    case 'data':
      return always({});
    case 'update_mask':
      return always({ message: () => maskOf(pick(MASK_PATHS, random)) });
    case 'target':
      return always({ message: () => targetOf(random) });
    case 'start_time':
    case 'end_time':
    case 'until_time':
      return { presence: 0.97, message: () => instantOf(Math.floor(Date.now() / 1000) + integer(60, 86_400, random)) };
    case 'filter':
      return { presence: 0.5 };
    case 'page_token':
      return { presence: 0.3, value: () => pick(['', ...pageTokens], random) };
    case 'type':
      return always({ value: () => pick(['TEST', 'CHARGE', 'Ladung 🔋'], random) });
    case 'queries':
      return { presence: 0.1, value: () => pick(['TEST', 'C', '#4'], random) };
    case 'string_value':
    case 'key':
      return { presence: 1, value: () => 'text' };
    case 'number_value':
      return { presence: 1, value: () => integer(-10, 10, random) };
    case 'count':
      return number(1, 20);
    case 'interval':
      return number(1, 100);
    case 'byminutes':
      return number(0, 59);
    case 'byhours':
      return number(0, 23);
    case 'bymonthdays':
      return number(1, 31);
    case 'bymonths':
      return number(1, 12);
    case 'freq':
      return { presence: 0.95 };
    case 'byweekdays':
      return { presence: 0.2 };
    case 'recurrence':
      return { presence: 0.4 };
    default:
      return number(0, 1);
  }
}

function maskOf(path: string): Buffer {
  return encoded(1, WIRE.text, sized(Buffer.from(path)));
}

function targetOf(random: () => number): Buffer {
  const ids = encoded(1, WIRE.varint, varint(BigInt(integer(1, 99, random))));
  return encoded(1, WIRE.text, sized(ids));
}

function instantOf(seconds: number): Buffer {
  return encoded(1, WIRE.varint, varint(BigInt(seconds)));
}
