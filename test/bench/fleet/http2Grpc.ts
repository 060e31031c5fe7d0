import { type ClientHttp2Session, type ClientHttp2Stream, connect, type IncomingHttpHeaders } from 'node:http2';
import { grpcFrame } from '../../support/http2Calls.js';
import { SERVICE_PATH } from '../bareCalls.js';
import { signedFor } from './fleetKeys.js';

const PREFIX_BYTES = 5;
const UNAVAILABLE = 14;
/** The message of a call that has ended with its connection. */
export const LOST = 'the connection was lost';

/** A call of gRPC straight over HTTP/2: of all clients the one that costs its process least. */
export interface BareCall {
  /** The last part of the method's path. */
  readonly method: string;
  readonly microgridId: number;
  readonly request: Uint8Array;
  readonly metadata?: Readonly<Record<string, string>>;
  headersCame?(headers: IncomingHttpHeaders): void;
  messageCame(message: Buffer): void;
  /** Called once, with a gRPC status; UNAVAILABLE when the connection was lost. */
  ended(status: number, message: string): void;
}

/** A connection that is made on the first call, and anew on the first call after it was lost. */
export class BareConnection {
  #session: ClientHttp2Session | null = null;
  #port = 0;

  /** Begins a signed call to the service on this port of 127.0.0.1. */
  call(port: number, { method, microgridId, request, metadata, ...listener }: BareCall): ClientHttp2Stream {
    const path = `${SERVICE_PATH}/${method}`;
    const stream = this.#to(port).request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...signedFor(microgridId, path),
      ...metadata,
    });
    let status = UNAVAILABLE;
    let message: string = LOST;
    const noteStatus = (headers: IncomingHttpHeaders) => {
      if (headers['grpc-status'] === undefined) return;
      status = Number(headers['grpc-status']);
      message = decodeURI(String(headers['grpc-message'] ?? ''));
    };
    let rest: Buffer = Buffer.alloc(0);
    stream.on('response', headers => {
      noteStatus(headers);
      listener.headersCame?.(headers);
    });
    stream.on('trailers', noteStatus);
    stream.on('data', (chunk: Buffer) => {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      while (rest.length >= PREFIX_BYTES) {
        const end = PREFIX_BYTES + rest.readUInt32BE(1);
        if (rest.length < end) break;
        listener.messageCame(rest.subarray(PREFIX_BYTES, end));
        rest = rest.subarray(end);
      }
    });
    // What it means is told by its close.
    stream.on('error', () => {});
    stream.once('close', () => listener.ended(status, message));
    stream.end(grpcFrame(request));
    return stream;
  }

  /** Ends the connection at once, with all its calls. */
  cut(): void {
    this.#session?.destroy();
    this.#session = null;
  }

  #to(port: number): ClientHttp2Session {
    const usable = this.#session && !this.#session.destroyed && !this.#session.closed && this.#port === port;
    if (this.#session && usable) return this.#session;
    const session = connect(`http://127.0.0.1:${port}`);
    session.on('error', () => {});
    this.#session = session;
    this.#port = port;
    return session;
  }
}
