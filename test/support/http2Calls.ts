import { once } from 'node:events';
import { connect, type OutgoingHttpHeaders } from 'node:http2';

/** What a raw call is made of. */
export interface Http2Call {
  /** Its full path. */
  readonly path: string;
  readonly headers?: OutgoingHttpHeaders;
  /** Frames of gRPC; without them nothing of the request is sent. */
  readonly body?: Uint8Array;
  /** Whether the request ends after the body. @default true with a body */
  readonly ends?: boolean;
}

/** How a raw call ended. */
export interface Http2Answer {
  /** Its gRPC status; NaN without one. */
  readonly status: number;
  readonly message: string;
  /** The HTTP/2 error code with which the stream was closed. */
  readonly rstCode: number | undefined;
}

/** Calls below gRPC, on one connection of HTTP/2. */
export function http2Calls({ port }: { readonly port: number }) {
  const session = connect(`http://127.0.0.1:${port}`);
  session.on('error', () => {});
  return {
    /** Makes a call, and waits until both sides of its stream are closed. */
    async call({ path, headers, body, ends = body !== undefined }: Http2Call): Promise<Http2Answer> {
      const stream = session.request({
        ':method': 'POST',
        ':path': path,
        'content-type': 'application/grpc',
        te: 'trailers',
        ...headers,
      });
      const received: OutgoingHttpHeaders = {};
      stream.on('response', response => Object.assign(received, response));
      stream.on('trailers', trailers => Object.assign(received, trailers));
      stream.on('error', () => {});
      if (body) stream.write(body);
      if (ends) stream.end();
      stream.resume();
      await once(stream, 'close');
      return {
        status: Number(received['grpc-status']),
        message: decodeURI(String(received['grpc-message'] ?? '')),
        rstCode: stream.rstCode,
      };
    },
    [Symbol.dispose]: () => session.destroy(),
  };
}

/** A frame of gRPC. */
export function grpcFrame(message: Uint8Array, compressed = false): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt8(Number(compressed));
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}
