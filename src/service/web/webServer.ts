import { once } from 'node:events';
import {
  createServer as createHttpServer,
  type ServerOptions as HttpServerOptions,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createSecureServer, type Http2SecureServer, type ServerHttp2Session } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';

import { DispatchError, messageOf } from '../../model/dispatchError.js';
import type { CallGate } from '../access/callGate.js';
import type { EffectiveLimits } from '../access/callLimits.js';
import type { ListenAddress } from '../access/listenAddress.js';
import type { ServerTls } from '../access/serverTls.js';
import { arrivalLimit } from '../grpc/arrivalLimit.js';
import type { CallServing } from '../grpc/callInService.js';
import { type ConnectionOptions, RECEIVE_TIMEOUT_MS } from '../grpc/grpcServer.js';
import { pacedRefusals } from '../grpc/pacedRefusals.js';
import { MAX_CALLS_OF_STRANGERS } from '../grpc/peerConnection.js';
import type { ServedService } from '../grpc/servedServices.js';
import { lineLimit } from '../operation/lineLimit.js';
import { keepAlive } from './keepAlive.js';
import { siteAccess } from './siteAccess.js';
import type { WebFiles } from './webFiles.js';
import { webListener } from './webListener.js';
import { webMethods } from './webMethods.js';
import type { WebPosts } from './webPosts.js';

/** What a server over HTTP serves, and how. */
export interface WebServerOptions extends CallServing {
  readonly place: ListenAddress;
  /** Origins of pages that may call, beside those of the server itself. */
  readonly origins: readonly string[];
  readonly files: WebFiles;
  /** What else is answered to pages of the server itself. @default nothing */
  readonly posts?: WebPosts;
  /** Certificates to serve over TLS and HTTP/2; null: HTTP/1.1 without TLS. */
  readonly tls: Pick<ServerTls, 'follow' | 'withClients'> | null;
  readonly services: readonly ServedService[];
  readonly gate: CallGate;
  readonly limits: EffectiveLimits;
  readonly connections: ConnectionOptions;
  /** Time that calls have to end when the server shuts down, or when their connection is too old. */
  readonly stopGraceMs: number;
  /** Times within which the headers of a request must have arrived, and then its body. @default 10 s each */
  readonly headersTimeoutMs?: number;
  readonly receiveTimeoutMs?: number;
}

/** The server of a service over HTTP. */
export interface WebServer {
  /**
   * Starts to listen.
   *
   * @returns its address, such as `http://127.0.0.1:8080`.
   * @throws DispatchError UNAVAILABLE when that is not possible.
   */
  listen(): Promise<string>;
  /** Number of requests so far that are no call of any of its methods. */
  unknownCalls(): number;
  /** How often connections took no calls for a while, or were ended, because their peers made or reset too many. */
  curbedConnections(): number;
  /**
   * Accepts no more calls, waits for pending ones for `stopGraceMs`, then ends them.
   *
   * @param hurry - ends them at once when it aborts.
   */
  shutDown(hurry: AbortSignal): Promise<void>;
}

/** Maximum size of the headers of a request. */
const MAX_HEADER_BYTES = 16 * 1024;
const HEADERS_TIMEOUT_MS = 10_000;
/** Time within which a request must have arrived that is read only to be thrown away. */
const REQUEST_TIMEOUT_MS = 20_000;
/** After this time without a call a connection is closed. */
const IDLE_TIMEOUT_MS = 60_000;
/** Connections of HTTP/1.1. */
const HTTP1 = {
  maxHeaderSize: MAX_HEADER_BYTES,
  headersTimeout: HEADERS_TIMEOUT_MS,
  requestTimeout: REQUEST_TIMEOUT_MS,
  keepAliveTimeout: IDLE_TIMEOUT_MS,
  connectionsCheckingInterval: 1_000,
  // Streams of peers that vanished end.
  keepAlive: true,
  keepAliveInitialDelay: IDLE_TIMEOUT_MS,
} satisfies HttpServerOptions;
/** Per connection of HTTP/2, in megabytes; a thousand streams need thirty. */
const MAX_SESSION_MEMORY = 256;

/** Creates the server of services over HTTP. */
export function webServer(options: WebServerOptions): WebServer {
  const { place, origins, files, tls, services, gate, limits, logger, observers, connections, stopGraceMs } = options;
  const { headersTimeoutMs = HEADERS_TIMEOUT_MS, receiveTimeoutMs = RECEIVE_TIMEOUT_MS } = options;
  const site = siteAccess({ place, origins, isSecure: tls !== null });
  const { maxAgeMs } = connections;
  const sessions = new Set<ServerHttp2Session>();
  const sockets = new Set<Socket>();
  let isClosing = false;
  let unknownCalls = 0;
  let curbedConnections = 0;
  const lines = lineLimit(1, (_, leftOut) =>
    logger.warn({ leftOut }, 'more requests over HTTP were refused than are logged'),
  );
  const warn = (peer: string, text: string, reason?: string) => {
    if (lines.take('')) logger.warn({ peer, ...(reason !== undefined && { reason }) }, text);
  };
  const listener = webListener({
    gate,
    paced: pacedRefusals(),
    arrivals: arrivalLimit(receiveTimeoutMs),
    tooLate: `the request did not arrive within ${receiveTimeoutMs / 1000} s`,
    requestBytes: limits.requestBytes,
    observers,
    connectionAge: maxAgeMs === undefined ? null : { maxMs: maxAgeMs, graceMs: stopGraceMs },
    onCurbed(peer) {
      curbedConnections += 1;
      warn(peer, 'a connection is curbed: its peer makes or resets too many calls');
    },
    methods: webMethods(services),
    site,
    files,
    posts: options.posts ?? new Map(),
    serving: options,
    onNoCall(reason, peer) {
      unknownCalls += 1;
      warn(peer, 'a request over HTTP is no call', reason);
    },
  });
  const http1 = { ...HTTP1, headersTimeout: headersTimeoutMs };
  const server = tls ? secureServer(tls, http1, connections, sessions) : createHttpServer(http1);
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    response.once('close', () => isClosing && server.closeIdleConnections());
    listener(request, response);
  });
  server.on('connection', socket => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  tls?.follow(context => {
    if ('setSecureContext' in server) server.setSecureContext(context);
    site.useCertificate(context.cert);
  });
  server.maxConnections = limits.webConnections;

  /** Connections end with their last call. */
  async function endConnections(): Promise<void> {
    isClosing = true;
    const closed = once(server, 'close');
    server.close();
    server.closeIdleConnections();
    for (const session of sessions) session.close();
    await closed;
  }

  function cut(): void {
    for (const socket of sockets) socket.destroy();
  }

  return {
    async listen() {
      const { host, port, text } = place;
      try {
        await once(server.listen(port, host.replace(/^\[|\]$/g, '')), 'listening');
      } catch (cause) {
        const isTaken = (cause as NodeJS.ErrnoException).code === 'EADDRINUSE';
        const reason = isTaken ? 'the address is already in use' : messageOf(cause);
        throw new DispatchError('UNAVAILABLE', `cannot listen on ${text} for HTTP: ${reason}`, { cause });
      }
      return `${tls ? 'https' : 'http'}://${host}:${(server.address() as AddressInfo).port}`;
    },
    unknownCalls: () => unknownCalls,
    curbedConnections: () => curbedConnections,
    async shutDown(hurry) {
      if (!server.listening) return;
      const ended = endConnections();
      const late = setTimeout(() => {
        logger.warn({}, 'calls over HTTP that did not end in time were cancelled');
        cut();
      }, stopGraceMs);
      hurry.addEventListener('abort', cut);
      if (hurry.aborted) cut();
      try {
        await ended;
      } finally {
        clearTimeout(late);
        hurry.removeEventListener('abort', cut);
        lines.flush();
      }
    },
  };
}

function secureServer(
  { withClients }: Pick<ServerTls, 'withClients'>,
  http1: typeof HTTP1,
  connections: ConnectionOptions,
  sessions: Set<ServerHttp2Session>,
): Http2SecureServer & Pick<Server, 'closeIdleConnections'> {
  const server = createSecureServer({
    allowHTTP1: true,
    requestCert: withClients,
    rejectUnauthorized: withClients,
    handshakeTimeout: HEADERS_TIMEOUT_MS,
    maxSessionMemory: MAX_SESSION_MEMORY,
    settings: { maxConcurrentStreams: MAX_CALLS_OF_STRANGERS, maxHeaderListSize: MAX_HEADER_BYTES },
  });
  server.on('session', session => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
    keepAlive(session, connections, IDLE_TIMEOUT_MS);
  });
  // Node has these for peers without HTTP/2, and its types do not say so.
  return Object.assign(server as typeof server & Pick<Server, 'closeIdleConnections'>, http1);
}
