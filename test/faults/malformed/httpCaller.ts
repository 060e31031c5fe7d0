import { once } from 'node:events';
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type OutgoingHttpHeaders,
} from 'node:http2';

/** A request as it goes out, below gRPC. */
export interface HttpRequest {
  readonly headers: OutgoingHttpHeaders;
  readonly body: Uint8Array;
  /** Whether nothing more comes. Of a request that goes on, nothing is expected but what may come at once. */
  readonly ends: boolean;
}

/** What came back. */
export interface HttpAnswer {
  /** In words: a gRPC status, an HTTP status, or how the request was cut off. */
  readonly outcome: string;
  /** The number of the gRPC status; null without one. */
  readonly status: number | null;
  readonly message: string;
  /** The body, as far as it came. */
  readonly body: Buffer;
}

/** Sends requests to a port of loopback, over as many connections as it takes. */
export interface HttpCaller extends AsyncDisposable {
  call(request: HttpRequest): Promise<HttpAnswer>;
}

/** What has had no answer for so long gets none. */
const ANSWER_MS = 30_000;
/** How long a request that goes on is left open, and a stream that the service has opened. */
const OPEN_MS = 30;
/** Time for a reset to close its stream. */
const RESET_MS = 1_000;
/** Requests of one connection, one after the other and at the same time. */
const REQUESTS_PER_CONNECTION = 500;
/** What a connection may hold; by default Node resets streams above 10 MB. */
const MAX_MEGABYTES = 1_000;

/** Opens a connection with the first request, and another one when the service has closed it or it is well used. */
export function httpCaller(port: number): HttpCaller {
  let session: ClientHttp2Session | null = null;
  let used = 0;
  const open = new Set<ClientHttp2Session>();

  function connected(): ClientHttp2Session {
    if (session && !session.closed && !session.destroyed && used < REQUESTS_PER_CONNECTION) {
      used += 1;
      return session;
    }
    // It ends with the last of its requests.
    session?.close();
    const fresh = connect(`http://127.0.0.1:${port}`, { maxSessionMemory: MAX_MEGABYTES });
    open.add(fresh);
    fresh.once('close', () => open.delete(fresh));
    // Its requests tell how it ended.
    fresh.on('error', () => {});
    session = fresh;
    used = 1;
    return fresh;
  }

  return {
    async call(request) {
      const stream = connected().request(request.headers, { endStream: false });
      return answerTo(stream, request);
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(
        [...open].map(async each => {
          const closed = once(each, 'close');
          each.destroy();
          await closed;
        }),
      );
    },
  };
}

function answerTo(stream: ClientHttp2Stream, { body, ends }: HttpRequest): Promise<HttpAnswer> {
  return new Promise(resolve => {
    const chunks: Buffer[] = [];
    let status: string | undefined;
    let message = '';
    let http = '';
    let left = false;
    let silent = false;
    let destroying: NodeJS.Timeout | undefined;
    const cancel = () => {
      stream.close(constants.NGHTTP2_CANCEL);
      // Node may keep a reset back behind data that its peer does not take, for ever.
      destroying ??= setTimeout(() => stream.destroy(), RESET_MS);
    };
    const leave = () => {
      left = true;
      cancel();
    };
    const unanswered = setTimeout(() => {
      silent = true;
      cancel();
    }, ANSWER_MS);
    const leaving = ends ? null : setTimeout(leave, OPEN_MS);
    const read = (headers: { readonly [name: string]: unknown }) => {
      if (headers['grpc-status'] === undefined) return;
      status = String(headers['grpc-status']);
      message = decodeURIComponent(String(headers['grpc-message'] ?? ''));
    };
    stream.on('response', headers => {
      http = String(headers[':status']);
      read(headers);
      if (headers['change-log-position'] !== undefined) setTimeout(leave, OPEN_MS);
    });
    stream.on('trailers', read);
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    // How it ended is told by what follows.
    stream.on('error', () => {});
    stream.once('close', () => {
      clearTimeout(unanswered);
      clearTimeout(destroying);
      if (leaving) clearTimeout(leaving);
      const outcome = outcomeOf({ status, http, left, silent, reset: stream.rstCode ?? 0 });
      const number = status === undefined ? null : Number(status);
      resolve({ outcome, status: number, message, body: Buffer.concat(chunks) });
    });
    if (ends) stream.end(body);
    else stream.write(body);
  });
}

interface Ending {
  readonly status: string | undefined;
  readonly http: string;
  readonly left: boolean;
  readonly silent: boolean;
  readonly reset: number;
}

function outcomeOf({ status, http, left, silent, reset }: Ending): string {
  if (status !== undefined) return `status ${status}`;
  if (silent) return 'no answer';
  if (http !== '' && http !== '200') return `HTTP ${http}`;
  if (left) return http === '' ? 'left without an answer' : 'left open';
  return `cut off with ${reset}`;
}
