import {
  type ClientHttp2Session,
  connect,
  constants,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import { type Http2Request, http2Server } from './http2Server.js';

/** What a gateway answers in place of the service behind it. */
export interface HttpAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly content: string;
}

/** Something between a program and a gRPC service that understands HTTP/2, such as a load balancer. */
export interface Http2Gateway extends AsyncDisposable {
  readonly port: number;
  /** How many requests it passed on of a method, such as `ListMicrogridDispatches`. */
  passedCount(method: string): number;
  /** Answers each request itself from now on, and breaks off those under way; null: passes requests on again. Connections stay. */
  answer(answer: HttpAnswer | null): void;
  /**
   * Ends every connection with GOAWAY. `graceful`: after the calls under way, which it breaks off a while later; `refusing`: says that
   * none of the calls under way was taken; `error`: at once, with an error.
   */
  goAway(how: 'graceful' | 'refusing' | 'error'): void;
  /**
   * Cuts the next message of a stream in half, and then ends its connection, or only the stream with the status OK. Fulfilled when it
   * has.
   */
  halveMessage(thenEnds: 'connection' | 'stream'): Promise<void>;
}

/** How long calls go on after a graceful GOAWAY. */
const graceMs = 100;

/** Starts a gateway on a free port of loopback. @param target - `HOST:PORT` of the service. */
export async function http2Gateway(target: string): Promise<Http2Gateway> {
  const passedOn = new Set<ServerHttp2Stream>();
  const upstreams = new Map<ServerHttp2Session, ClientHttp2Session>();
  const counts = new Map<string, number>();
  let ownAnswer: HttpAnswer | null = null;
  let halving: { readonly thenEnds: 'connection' | 'stream'; readonly done: () => void } | null = null;

  const server = await http2Server((stream, path, _session, request) => {
    if (ownAnswer !== null) {
      const { status, contentType, content } = ownAnswer;
      stream.respond({ ':status': status, 'content-type': contentType });
      stream.end(content);
      return;
    }
    const method = path.split('/').at(-1) ?? '';
    counts.set(method, (counts.get(method) ?? 0) + 1);
    passOn(stream, request);
  });

  /** Each connection to the gateway has one to the service. */
  function upstreamOf(session: ServerHttp2Session): ClientHttp2Session {
    const known = upstreams.get(session);
    if (known !== undefined && !known.destroyed && !known.closed) return known;
    const upstream = connect(`http://${target}`);
    upstream.on('error', () => {});
    upstreams.set(session, upstream);
    session.once('close', () => upstream.destroy());
    return upstream;
  }

  function passOn(stream: ServerHttp2Stream, { headers, body }: Http2Request): void {
    const { session } = stream;
    if (session === undefined || session.destroyed) return;
    const call = upstreamOf(session as ServerHttp2Session).request({ ...headers, ':authority': target });
    passedOn.add(stream);
    let trailers: object = {};
    let isAnswered = false;
    let isHalved = false;
    call.on('error', () => {});
    call.on('response', (answer, flags) => {
      if (stream.destroyed) return;
      isAnswered = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
      stream.respond(answer, isAnswered ? { endStream: true } : { waitForTrailers: true });
    });
    call.on('trailers', received => {
      trailers = received;
      isAnswered = true;
    });
    stream.on('wantTrailers', () => stream.sendTrailers({ ...trailers }));
    call.on('data', data => {
      if (stream.destroyed || stream.writableEnded || isHalved) return;
      isHalved = halving !== null && String(headers[':path']).includes('/Stream');
      if (isHalved) halve(data);
      else stream.write(data);
    });
    call.on('close', () => {
      if (stream.destroyed || stream.writableEnded || isHalved) return;
      if (isAnswered) stream.end();
      else stream.close(call.rstCode || constants.NGHTTP2_INTERNAL_ERROR);
    });
    stream.on('close', () => {
      passedOn.delete(stream);
      call.close(constants.NGHTTP2_CANCEL);
    });
    call.end(body);

    function halve(data: Buffer): void {
      const { thenEnds, done } = halving as NonNullable<typeof halving>;
      halving = null;
      const half = data.subarray(0, Math.ceil(data.length / 2));
      if (thenEnds === 'stream') {
        trailers = { 'grpc-status': '0' };
        stream.end(half, done);
      } else {
        stream.write(half, () => {
          stream.session?.destroy();
          done();
        });
      }
    }
  }

  return {
    port: server.port,
    passedCount: method => counts.get(method) ?? 0,
    answer(answer) {
      ownAnswer = answer;
      if (answer === null) return;
      for (const stream of passedOn) stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    },
    goAway(how) {
      for (const session of upstreams.keys()) {
        if (session.destroyed) continue;
        if (how === 'error') session.destroy(undefined, constants.NGHTTP2_INTERNAL_ERROR);
        else if (how === 'refusing') {
          session.goaway(constants.NGHTTP2_NO_ERROR, 0);
          setTimeout(() => session.destroy(), graceMs).unref();
        } else {
          session.close();
          setTimeout(() => session.destroy(), graceMs).unref();
        }
      }
    },
    halveMessage: thenEnds =>
      new Promise(done => {
        halving = { thenEnds, done };
      }),
    async [Symbol.asyncDispose]() {
      for (const upstream of upstreams.values()) upstream.destroy();
      await server[Symbol.asyncDispose]();
    },
  };
}
