import { buffer } from 'node:stream/consumers';
import { check } from './figures.js';
import { type WebPlace, webTransport } from './webTransport.js';

/** How calls are written over HTTP, with as little as that takes: the client costs the same for each. */
export interface WebFormat {
  readonly name: string;
  /** Headers of a call, and of a stream. */
  readonly unary: Readonly<Record<string, string>>;
  readonly stream: Readonly<Record<string, string>>;
  readonly isJson: boolean;
  /** Frames the request of a call, and of a stream. */
  frame(message: Uint8Array, isStream: boolean): Buffer;
  /** The message of an answer to a call. */
  unframe(body: Buffer): Buffer;
  /** Cuts what has arrived of a stream into messages, and what is left. */
  split(bytes: Buffer): { readonly messages: readonly Buffer[]; readonly rest: Buffer };
}

const PREFIX_BYTES = 5;

function envelope(message: Uint8Array): Buffer {
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

function splitEnvelopes(bytes: Buffer): ReturnType<WebFormat['split']> {
  const messages: Buffer[] = [];
  let from = 0;
  while (bytes.length - from >= PREFIX_BYTES) {
    const to = from + PREFIX_BYTES + bytes.readUInt32BE(from + 1);
    if (to > bytes.length) break;
    messages.push(bytes.subarray(from + PREFIX_BYTES, to));
    from = to;
  }
  return { messages, rest: bytes.subarray(from) };
}

function splitLines(bytes: Buffer): ReturnType<WebFormat['split']> {
  const messages: Buffer[] = [];
  let from = 0;
  for (let to = bytes.indexOf(10); to >= 0; to = bytes.indexOf(10, from)) {
    if (to > from) messages.push(bytes.subarray(from, to));
    from = to + 1;
  }
  return { messages, rest: bytes.subarray(from) };
}

const type = (contentType: string) => ({ 'content-type': contentType });

/** gRPC-Web, Connect and JSON. */
export const WEB_FORMATS: readonly WebFormat[] = [
  {
    name: 'gRPC-Web',
    unary: type('application/grpc-web+proto'),
    stream: type('application/grpc-web+proto'),
    isJson: false,
    frame: envelope,
    unframe: body => splitEnvelopes(body).messages[0] ?? Buffer.alloc(0),
    split: splitEnvelopes,
  },
  {
    name: 'Connect',
    unary: type('application/proto'),
    stream: type('application/connect+proto'),
    isJson: false,
    frame: (message, isStream) => (isStream ? envelope(message) : Buffer.from(message)),
    unframe: body => body,
    split: splitEnvelopes,
  },
  {
    name: 'JSON',
    unary: type('application/json'),
    stream: { ...type('application/json'), accept: 'application/x-ndjson' },
    isJson: true,
    frame: message => Buffer.from(message),
    unframe: body => body,
    split: splitLines,
  },
];

/** The format of a protocol; undefined for gRPC. */
export function formatOf(protocol: string): WebFormat | undefined {
  return WEB_FORMATS.find(({ name }) => name === protocol);
}

/** Calls to make. */
export interface WebCalls extends WebPlace {
  readonly path: string;
  readonly format: WebFormat;
  readonly callers: number;
  readonly count: number;
  request(index: number): Uint8Array;
  answered(answer: Buffer, index: number): void;
}

/** Makes calls over connections that stay open, one for each caller, or over TLS one for all; returns how long they took. */
export async function makeWebCalls(calls: WebCalls): Promise<number> {
  const { path, format, callers, count } = calls;
  using transport = webTransport(calls, callers);
  const call = async (index: number) => {
    const { status, body } = await transport.send(path, format.unary, format.frame(calls.request(index), false));
    const answer = await buffer(body);
    check(status === 200, `a call was answered with ${status}: ${answer}`);
    calls.answered(format.unframe(answer), index);
  };
  let next = 0;
  const startMs = performance.now();
  await Promise.all(
    Array.from({ length: callers }, async () => {
      while (next < count) await call(next++);
    }),
  );
  return performance.now() - startMs;
}

/** A stream that is open: its headers have arrived. */
export interface WebStream extends Disposable {
  /** Called with each message from now on. */
  onMessage: (message: Buffer) => void;
}

/** Opens a stream on a connection of its own. */
export async function openWebStream(
  place: WebPlace,
  path: string,
  format: WebFormat,
  message: Uint8Array,
): Promise<WebStream> {
  const transport = webTransport(place, 1);
  const { status, body } = await transport.send(path, format.stream, format.frame(message, true));
  check(status === 200, `a stream was answered with ${status}`);
  const stream: WebStream = {
    onMessage: () => {},
    [Symbol.dispose]: () => transport[Symbol.dispose](),
  };
  let rest = Buffer.alloc(0);
  body.on('data', (bytes: Buffer) => {
    const found = format.split(rest.length === 0 ? bytes : Buffer.concat([rest, bytes]));
    rest = Buffer.from(found.rest);
    for (const each of found.messages) stream.onMessage(each);
  });
  body.on('error', () => {});
  return stream;
}
