import { constants, type ServerHttp2Stream } from 'node:http2';
import type { Status } from 'nice-grpc-common';

/**
 * The HTTP/2 stream of a call, as the first interceptor gets the call. grpc-js has no public way to it, and keeps half-open streams of
 * calls that have ended.
 *
 * @throws Error when this version of grpc-js keeps it elsewhere.
 */
export function http2StreamOf(call: object): ServerHttp2Stream {
  const { stream } = call as { readonly stream?: ServerHttp2Stream };
  if (typeof stream?.respond !== 'function') throw new Error('a call of grpc-js has no HTTP/2 stream');
  return stream;
}

/**
 * Ends a stream after its response was sent, without waiting for the rest of its request (RFC 9113, 8.1). What has already arrived is read
 * first, so that most peers see no reset.
 */
export function endResponse(stream: ServerHttp2Stream): void {
  if (stream.closed) return;
  setImmediate(() => {
    if (!stream.closed) stream.close(constants.NGHTTP2_NO_ERROR);
  });
}

/** Calls a function once a stream is closed, if it was reset by its peer, which a call may be told of before. */
export function whenReset(stream: ServerHttp2Stream, onReset: () => void): void {
  const check = () => {
    if (stream.rstCode !== constants.NGHTTP2_NO_ERROR) onReset();
  };
  if (stream.closed) check();
  else stream.once('close', check);
}

/** The status that was sent on a stream, whoever has sent it; null when none was. */
export function sentStatus({
  sentHeaders,
  sentTrailers,
}: ServerHttp2Stream): { status: Status; details: string } | null {
  const sent = [sentTrailers, sentHeaders].find(headers => headers?.['grpc-status'] !== undefined);
  if (!sent) return null;
  return { status: Number(sent['grpc-status']), details: decodeURI(String(sent['grpc-message'] ?? '')) };
}
