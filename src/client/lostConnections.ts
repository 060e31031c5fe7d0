import { type CallOptions, ClientError, type ClientMiddleware, type Metadata, Status } from 'nice-grpc-common';
import { LostConnection } from './lostConnection.js';

/** What grpc-js says of a connection that cannot be made or was lost; what a service says of itself begins otherwise. */
const LOST = /^(No connection established|Name resolution failed|Connection dropped|Failed to connect|read E|write E)/;

/** What OpenSSL says of an answer that is not TLS. */
const NO_TLS = /wrong version number|packet length too long|SSL routines.*http request/;

/** What grpc-js says of a response without a gRPC status. */
const HTTP_STATUS = /^Received HTTP status code (\d+)/;

/** Codes of the races in which a connection ends gracefully while a call begins or is answered, and what grpc-js says then. */
const RACES: readonly (readonly [Status, RegExp])[] = [
  [Status.INTERNAL, /^Received RST_STREAM with code \d+/],
  [Status.CANCELLED, /^Call cancelled$/],
];

/**
 * The middleware that reports each lost connection as `UNAVAILABLE`, whatever grpc-js makes of it: also a call that was caught by
 * the graceful end of its connection, and the answer of something between here and the service, such as the 404 of a proxy
 * or a login page. Only a gRPC status is an answer of the service.
 *
 * @param proxy - the proxy of the connections, for the message; null: none.
 */
export function reportLostConnections(proxy: string | null): ClientMiddleware {
  return async function* reported(call, options: CallOptions) {
    let contentType: string | undefined;
    const onHeader = (header: Metadata) => {
      contentType = header.get('content-type');
      if (isGrpc(contentType)) options.onHeader?.(header);
    };
    try {
      return yield* call.next(call.request, { ...options, onHeader });
    } catch (error) {
      if (!(error instanceof ClientError)) throw error;
      const loss = lossOf(error, contentType);
      if (loss === null) throw error;
      throw new LostConnection(error.path, Status.UNAVAILABLE, proxy === null ? loss : `${loss}, through ${proxy}`);
    }
  };
}

/** What happened to the connection of a failed call; null: the service itself has answered. */
function lossOf({ code, details }: ClientError, contentType: string | undefined): string | null {
  const httpStatus = HTTP_STATUS.exec(details)?.[1];
  if (httpStatus !== undefined || !isGrpc(contentType)) {
    const what = httpStatus === undefined ? `content of type ${contentType}` : `HTTP status ${httpStatus}`;
    return `${what}, not from the service`;
  }
  const isRace = RACES.some(([ofCode, pattern]) => code === ofCode && pattern.test(details));
  if (isRace) return `the connection ended during the call (${details})`;
  if (code !== Status.UNAVAILABLE || !LOST.test(details)) return null;
  if (NO_TLS.test(details)) return 'the service does not speak TLS; the address of such a service says ssl=false';
  return withoutEmptyNotes(details)
    .replace(/\s*\n\s*/g, ' ')
    .trim();
}

/** A response without a content type is judged by its status alone. */
function isGrpc(contentType: string | undefined): boolean {
  return contentType === undefined || contentType.startsWith('application/grpc');
}

/** Without the empty notes of grpc-js: about the resolution of the name, and about a proxy that it could not reach. */
function withoutEmptyNotes(details: string): string {
  return details.replace(/\.? Resolution note: $/, '').replace(/\. Last error: undefined$/, '');
}
