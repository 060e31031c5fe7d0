import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';

/** A server of HTTP/2 on loopback that answers each request as a test says, gRPC or not. */
export interface Http2Server extends AsyncDisposable {
  readonly port: number;
  readonly address: string;
  /** How many connections were opened so far. */
  readonly sessionCount: number;
}

/** A request with its body. */
export interface Http2Request {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** @param answer - called with each request once it is complete, its path and the number of its connection, from 1. */
export async function http2Server(
  answer: (stream: ServerHttp2Stream, path: string, session: number, request: Http2Request) => void,
): Promise<Http2Server> {
  const sessions = new Map<ServerHttp2Session, number>();
  const server = createServer();
  server.on('session', session => {
    sessions.set(session, sessions.size + 1);
    session.on('error', () => {});
  });
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {});
    const body: Buffer[] = [];
    stream.on('data', (data: Buffer) => body.push(data));
    stream.on('end', () => {
      const session = sessions.get(stream.session as ServerHttp2Session) ?? 0;
      answer(stream, String(headers[':path']), session, { headers, body: Buffer.concat(body) });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    address: `grpc://127.0.0.1:${port}?ssl=false`,
    get sessionCount() {
      return sessions.size;
    },
    async [Symbol.asyncDispose]() {
      for (const session of sessions.keys()) session.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Answers with one empty message of gRPC, such as a list of nothing. */
export function answerEmpty(stream: ServerHttp2Stream): void {
  answerMessage(stream, Buffer.alloc(0));
}

/** Answers with one message of gRPC. */
export function answerMessage(stream: ServerHttp2Stream, message: Uint8Array): void {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  stream.end(Buffer.concat([prefix, message]));
}

/** Opens a stream of gRPC that stays silent. */
export function openSilent(stream: ServerHttp2Stream): void {
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' });
}
