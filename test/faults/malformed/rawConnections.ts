import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { bytes, integer, pick } from '../random.js';
import { headersOf } from './callRequests.js';
import { END_HEADERS, END_STREAM, FRAME, frame, headerBlock, PREFACE, settings, uint32 } from './frames.js';
import { field, grpcFrame, varint, WIRE } from './wire.js';

/** What is sent over a connection, and whether it is left open afterwards. */
type Attack = (random: () => number) => { readonly sends: Buffer; readonly stays?: boolean };

const CALL = headersOf('ListMicrogridDispatches');
const HEADERS = headerBlock({ ':scheme': 'http', ':authority': 'localhost', ...CALL });
const LIST_REQUEST = grpcFrame(field(1, WIRE.varint, varint(1n)));
const OPENING = Buffer.concat([PREFACE, settings()]);

/** How long a connection lasts that is not left open. */
const LASTS_MS = 20;

/** Connections that a peer without manners, or with bad ones, may make. None of them holds a whole call that writes. */
const ATTACKS: { readonly [name: string]: Attack } = {
  garbage: random => ({ sends: bytes(integer(1, 4_000, random), random) }),
  'HTTP/1.1': random => ({
    sends: Buffer.from(pick(['GET / HTTP/1.1\r\nHost: a\r\n\r\n', 'POST / HTTP/1.1\r\nUpgrade: h2c\r\n\r\n'], random)),
  }),
  'the beginning of TLS': random => ({
    sends: Buffer.concat([Buffer.from('160301020001', 'hex'), bytes(512, random)]),
  }),
  'half a preface': random => ({ sends: PREFACE.subarray(0, integer(0, 23, random)), stays: random() < 0.5 }),
  'nothing at all': () => ({ sends: Buffer.alloc(0), stays: true }),
  'a preface and no more': () => ({ sends: OPENING, stays: true }),
  'random frames': random => ({ sends: opened(...times(integer(1, 50, random), () => randomFrame(random))) }),
  'settings without end': () => ({ sends: opened(...times(1_000, () => settings([3, 1]))) }),
  'odd settings': random => {
    const value = () => pick([0, 1, 2 ** 14 - 1, 2 ** 24, 2 ** 31, 2 ** 32 - 1], random);
    return { sends: Buffer.concat([PREFACE, settings(...times(6, index => [index + 1, value()] as const)), call(1)]) };
  },
  'pings without end': () => ({ sends: opened(...times(2_000, () => frame(FRAME.ping, 0, 0, Buffer.alloc(8)))) }),
  'calls that are reset at once': () => ({
    sends: opened(...times(100, index => Buffer.concat([call(2 * index + 1), reset(2 * index + 1)]))),
  }),
  'resets of what is not there': random => ({ sends: opened(...times(50, () => reset(integer(0, 99, random)))) }),
  'headers without end': () => ({
    sends: opened(
      frame(FRAME.headers, 0, 1, HEADERS),
      ...times(300, index => frame(FRAME.continuation, 0, 1, headerBlock({ [`x-${index}`]: 'y'.repeat(1_000) }))),
    ),
  }),
  'a large header': random => ({
    sends: opened(...largeHeaders({ ...CALL, 'x-large': 'x'.repeat(pick([16_000, 70_000, 300_000], random)) })),
  }),
  'a header again and again': () => ({
    // 62 is the entry that was added last to the table of the peer.
    sends: opened(...largeHeaders({ 'x-again': 'x'.repeat(4_000) }, Buffer.alloc(16_000, 0x80 | 62))),
  }),
  'random headers': random => ({ sends: opened(frame(FRAME.headers, END_HEADERS, 1, bytes(200, random))) }),
  'a call that never ends': () => ({ sends: opened(frame(FRAME.headers, END_HEADERS, 1, HEADERS)), stays: true }),
  'many calls that never end': () => ({
    sends: opened(...times(100, index => frame(FRAME.headers, END_HEADERS, 2 * index + 1, HEADERS))),
    stays: true,
  }),
  'calls of a peer that takes no answer': () => ({
    sends: Buffer.concat([PREFACE, settings([4, 0]), ...times(20, index => call(2 * index + 1))]),
    stays: true,
  }),
  'data for no call': random => ({
    sends: opened(frame(FRAME.data, 0, pick([0, 1, 2, 2 ** 31 - 1], random), bytes(99, random))),
  }),
  'a window beyond its size': random => ({
    sends: opened(
      ...times(3, () => frame(FRAME.window, 0, pick([0, 1], random), uint32(pick([0, 2 ** 31 - 1], random)))),
    ),
  }),
  'what only servers send': random => ({
    sends: opened(call(pick([1, 2, 3], random)), frame(FRAME.push, END_HEADERS, 1, bytes(40, random))),
  }),
  'a goodbye and more': () => ({ sends: opened(frame(FRAME.goaway, 0, 0, Buffer.alloc(8)), call(1), call(3)) }),
  'a call that is cut': random => {
    const whole = opened(call(1));
    return { sends: whole.subarray(0, integer(0, whole.length, random)) };
  },
  'a call with flipped bits': random => {
    const whole = opened(call(1), call(3));
    for (let count = integer(1, 10, random); count > 0; count -= 1) {
      const at = integer(PREFACE.length, whole.length - 1, random);
      whole[at] = (whole[at] ?? 0) ^ (1 << integer(0, 7, random));
    }
    return { sends: whole };
  },
};

/** Makes connections to a port of loopback. Those that are left open stay so until it is disposed of. */
export function rawConnections(port: number) {
  const open = new Set<Socket>();
  return {
    /** Makes one. Returns how it went, in words. */
    async attack(random: () => number): Promise<string> {
      const [name, attack] = pick(Object.entries(ATTACKS), random);
      const { sends, stays = false } = attack(random);
      const socket = connect(port, '127.0.0.1');
      open.add(socket);
      let ended = 'open';
      socket.once('end', () => {
        ended = 'closed';
      });
      // A service may well reset such a connection.
      socket.on('error', () => {
        ended = 'reset';
      });
      socket.resume();
      const closed = once(socket, 'close').then(() => open.delete(socket));
      socket.write(sends);
      await Promise.race([closed, pause(LASTS_MS)]);
      if (stays) return `${name}: left ${ended}`;
      socket.destroy();
      await closed;
      return `${name}: ${ended}`;
    },
    async [Symbol.asyncDispose]() {
      // One that was reset has closed, and closes no second time.
      const left = [...open].filter(socket => !socket.closed);
      await Promise.all(left.map(socket => once(socket.destroy(), 'close')));
    },
  };
}

function opened(...frames: readonly Buffer[]): Buffer {
  return Buffer.concat([OPENING, ...frames]);
}

function call(stream: number): Buffer {
  return Buffer.concat([
    frame(FRAME.headers, END_HEADERS, stream, HEADERS),
    frame(FRAME.data, END_STREAM, stream, LIST_REQUEST),
  ]);
}

function reset(stream: number): Buffer {
  return frame(FRAME.reset, 0, stream, uint32(8));
}

/** A block that is spread over as many frames as it takes. */
function largeHeaders(headers: { readonly [name: string]: string }, more = Buffer.alloc(0)): Buffer[] {
  const block = Buffer.concat([headerBlock(headers, true), more]);
  const parts = times(Math.ceil(block.length / 16_000), index => block.subarray(16_000 * index, 16_000 * (index + 1)));
  return parts.map((part, index) =>
    frame(index === 0 ? FRAME.headers : FRAME.continuation, index === parts.length - 1 ? END_HEADERS : 0, 1, part),
  );
}

function randomFrame(random: () => number): Buffer {
  const payload = bytes(integer(0, 100, random), random);
  return frame(integer(0, 12, random), integer(0, 255, random), integer(0, 9, random), payload);
}

function times<Item>(count: number, make: (index: number) => Item): Item[] {
  return Array.from({ length: count }, (_, index) => make(index));
}
