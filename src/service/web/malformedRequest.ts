import type { IncomingMessage } from 'node:http';

import { hostnameOf } from './siteAccess.js';

/** Why a request is refused, whoever makes it, and with which HTTP status. */
export interface Malformed {
  readonly status: 400 | 501;
  readonly reason: string;
}

const ABSOLUTE = /^https?:\/\/([^/?#]*)([/?].*)?$/i;

/**
 * Finds what a proxy in front may have understood in another way than this server: it could have let a request pass for another one (request
 * smuggling). What Node itself refuses is not here: bodies with two lengths, or with a length and chunks; folded headers; lines that end in LF alone.
 *
 * A target with a host, as proxies are sent it, is taken by its path (RFC 9112 section 3.2.2).
 */
export function malformedRequest(request: IncomingMessage): Malformed | null {
  const { headers, rawHeaders, httpVersion } = request;
  const named = rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === 'host').length;
  if (named > 1) return malformed('the request has several host headers');
  const host = hostOf(request);
  if (hostnameOf(host ?? '') === null) return malformed('the request needs a valid host header');
  if (named === 1 && headers.host?.toLowerCase() !== host?.toLowerCase())
    return malformed('the host header is of another host than the request');
  const [, targetHost, path = '/'] = ABSOLUTE.exec(request.url ?? '') ?? [];
  if (targetHost !== undefined) {
    if (targetHost.toLowerCase() !== host?.toLowerCase())
      return malformed('the target of the request is of another host than its host header');
    request.url = path.startsWith('/') ? path : `/${path}`;
  }
  const encoding = headers['transfer-encoding'];
  if (encoding === undefined) return null;
  // RFC 9112 section 6.1
  if (httpVersion === '1.0') return malformed('a request of HTTP/1.0 cannot have a transfer encoding');
  if (encoding.toLowerCase() === 'chunked') return null;
  return { status: 501, reason: `the transfer encoding must be chunked, not '${encoding.slice(0, 100)}'` };
}

/** The name by which a request calls the server; over HTTP/2 a header of the protocol. */
export function hostOf({ headers }: IncomingMessage): string | undefined {
  return headers[':authority']?.toString() ?? headers.host;
}

function malformed(reason: string): Malformed {
  return { status: 400, reason };
}
