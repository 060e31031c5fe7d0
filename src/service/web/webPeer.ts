import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerResponse, ServerHttp2Stream } from 'node:http2';

import { type PeerConnection, type PeerConnectionOptions, peerConnection } from '../grpc/peerConnection.js';

/** Who makes a request. */
export interface WebPeer {
  /** Its address without a port. */
  readonly address: string;
  readonly port: number;
  /** Its connection of HTTP/2; null over HTTP/1.1, where a connection has one call at a time. */
  readonly connection: PeerConnection | null;
}

/** Returns who makes a request. */
export function webPeer(request: IncomingMessage, response: ServerResponse, options: PeerConnectionOptions): WebPeer {
  const { remoteAddress: address = '', remotePort: port = 0 } = request.socket;
  const session = http2StreamOf(response)?.session;
  return { address, port, connection: session ? peerConnection(session, options) : null };
}

/** The HTTP/2 stream of an answer; null over HTTP/1.1. */
export function http2StreamOf(response: ServerResponse): ServerHttp2Stream | null {
  return (response as unknown as Partial<Http2ServerResponse>).stream ?? null;
}
