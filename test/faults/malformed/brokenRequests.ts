import { gzipSync } from 'node:zlib';
import { bytes, integer, pick } from '../random.js';
import { AUTH_KEY, type CallRequest, headersOf } from './callRequests.js';
import { HOSTILE_TEXTS } from './hostileValues.js';
import type { HttpRequest } from './httpCaller.js';
import { field, grpcFrame, sized, varint, WIRE } from './wire.js';

type Breakage = (call: CallRequest, random: () => number) => HttpRequest;

/** More than a message may have, and than Node would hold back on the way. */
const TOO_LONG = 5_000_000;
const GZIP_BOMB = gzipSync(Buffer.alloc(50_000_000));

/** What operators ask of services, wherever it is offered. */
const OTHER_SERVICES = ['/grpc.health.v1.Health/Check', '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo'];

/** Ways to break a call, below what its message says. Some leave it whole. */
const BREAKAGES: { readonly [name: string]: Breakage } = {
  'truncated message': changed((message, random) => message.subarray(0, integer(0, message.length, random))),
  'flipped bits': changed(flipBits),
  'random message': changed((_, random) => bytes(integer(0, 300, random), random)),
  'bytes in between': changed((message, random) => {
    const at = integer(0, message.length, random);
    return Buffer.concat([message.subarray(0, at), bytes(integer(1, 20, random), random), message.subarray(at)]);
  }),
  'integer of too many bytes': changed((message, random) =>
    Buffer.concat([message, field(integer(1, 99, random), WIRE.varint, varint(1n, integer(9, 40, random)))]),
  ),
  'groups in groups': changed((_, random) => Buffer.alloc(integer(1, 20_000, random), 0x0b)),
  'messages in messages': changed((_, random) => nested(pick([10, 99, 101, 5_000], random))),
  'message of another call': (call, random) =>
    sent({ ...call, method: pick(['CreateMicrogridDispatch', 'ListMicrogridDispatches'], random) }),
  'length too long': framed(message => grpcFrame(message, message.length + 7)),
  'length too short': framed(message => grpcFrame(message, Math.max(message.length - 7, 0))),
  'length above the maximum': framed((message, random) =>
    grpcFrame(message, pick([TOO_LONG, 2 ** 31, 2 ** 32 - 1], random)),
  ),
  'message above the maximum': (call, random) =>
    // Rarely: it is slow.
    sent(call, grpcFrame(random() < 0.02 ? Buffer.alloc(TOO_LONG) : call.message)),
  'no frame': framed(message => message),
  'half a frame': framed((message, random) => {
    const frame = grpcFrame(message);
    return frame.subarray(0, integer(0, frame.length - 1, random));
  }),
  'two messages': framed(message => Buffer.concat([grpcFrame(message), grpcFrame(message)])),
  'bytes behind the message': framed((message, random) =>
    Buffer.concat([grpcFrame(message), bytes(integer(1, 20, random), random)]),
  ),
  'random flag': framed((message, random) => grpcFrame(message, message.length, integer(1, 255, random))),
  'compressed message': encoded('gzip', message => gzipSync(message)),
  'compressed in another way': encoded('deflate', message => gzipSync(message)),
  'not compressed': encoded('gzip', message => message),
  'compressed to nothing': (call, random) =>
    // Rarely: it is slow.
    random() < 0.05
      ? encoded('gzip', () => GZIP_BOMB)(call, random)
      : encoded('gzip', () => Buffer.alloc(0))(call, random),
  'unknown compression': encoded('brotli', message => message),
  'content type': withHeaders(random => ({
    'content-type': pick(
      ['application/json', 'text/html', 'application/grpc-web', 'application/grpc+json', ''],
      random,
    ),
  })),
  method: withHeaders(random => ({ ':method': pick(['GET', 'PUT', 'HEAD', 'OPTIONS', 'DELETE', 'BREW'], random) })),
  path: (call, random) => {
    const { ':path': path = '' } = headersOf(call.method);
    const odd = ['/', '*', '//', path.slice(1), `${path}/`, path.toLowerCase(), `${path}?a=1`, `${path}%00`, '/a/b'];
    return sent(call, grpcFrame(call.message), {
      ':path': pick([...odd, ...OTHER_SERVICES, `/${'x'.repeat(8_000)}`], random),
    });
  },
  timeout: withHeaders(random => ({
    'grpc-timeout': pick(['0n', '1n', '-1S', 'S', '5', '1e3S', '99999999H', '999999999H', ' 1S', ''], random),
  })),
  'binary metadata': withHeaders(random => ({
    'grpc-trace-bin': pick(['***', '=', 'a', 'A'.repeat(5_000)], random),
    'grpc-tags-bin': pick(['', ',', '====,===='], random),
  })),
  metadata: withHeaders(random => ({
    [pick(['key', 'ts', 'nonce', 'sig', 'request-id', 'x-odd'], random)]: pick(
      ['', ' ', '\u00ff\u00fe', "' or 1=1", 'x'.repeat(4_000), '-1', 'NaN', '\t'],
      random,
    ),
  })),
  'a wrong key': withHeaders(random => ({
    key: pick(['', 'x', AUTH_KEY.slice(1), `${AUTH_KEY} `, 'x'.repeat(9_000)], random),
  })),
  'much metadata': withHeaders(random =>
    Object.fromEntries(Array.from({ length: integer(50, 200, random) }, (_, index) => [`x-${index}`, 'y'.repeat(40)])),
  ),
  'a request that goes on': (call, random) => {
    const frame = grpcFrame(call.message);
    // It must not be complete: nobody would know whether it was done.
    return { ...sent(call, frame.subarray(0, integer(0, Math.max(frame.length - 2, 0), random))), ends: false };
  },
};

/** A call that is broken in one of these ways. */
export function brokenRequest(call: CallRequest, random: () => number): HttpRequest {
  return pick(Object.values(BREAKAGES), random)(call, random);
}

function sent(call: CallRequest, body = grpcFrame(call.message), headers: HttpRequest['headers'] = {}): HttpRequest {
  return { headers: { ...headersOf(call.method), ...headers }, body, ends: true };
}

function framed(body: (message: Buffer, random: () => number) => Buffer): Breakage {
  return (call, random) => sent(call, body(call.message, random));
}

function changed(change: (message: Buffer, random: () => number) => Buffer): Breakage {
  return framed((message, random) => grpcFrame(change(message, random)));
}

function encoded(encoding: string, encode: (message: Buffer) => Buffer): Breakage {
  return call => {
    const message = encode(call.message);
    return sent(call, grpcFrame(message, message.length, 1), { 'grpc-encoding': encoding });
  };
}

function withHeaders(headers: (random: () => number) => HttpRequest['headers']): Breakage {
  return (call, random) => sent(call, grpcFrame(call.message), headers(random));
}

function flipBits(message: Buffer, random: () => number): Buffer {
  const flipped = Buffer.from(message);
  for (let count = integer(1, 8, random); count > 0 && flipped.length > 0; count -= 1) {
    const at = integer(0, flipped.length - 1, random);
    flipped[at] = (flipped[at] ?? 0) ^ (1 << integer(0, 7, random));
  }
  return flipped;
}

/** A creation with a payload that nests so deep; what is inside is a text where a message should be. */
function nested(levels: number): Buffer {
  let value = sized(pick(HOSTILE_TEXTS, () => 0.1));
  // A struct, its entry and the entry's value, again and again.
  for (let level = 0; level < levels; level += 1) {
    const entry = Buffer.concat([field(1, WIRE.text, sized(Buffer.from('a'))), field(2, WIRE.text, sized(value))]);
    value = field(5, WIRE.text, sized(field(1, WIRE.text, sized(entry))));
  }
  const data = field(7, WIRE.text, sized(field(1, WIRE.text, sized(field(2, WIRE.text, sized(value))))));
  return Buffer.concat([field(1, WIRE.varint, varint(1n)), field(2, WIRE.text, sized(data))]);
}
