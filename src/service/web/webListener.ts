import type { IncomingMessage, ServerResponse } from 'node:http';
import { Code } from '@connectrpc/connect';
import { codeToString } from '@connectrpc/connect/protocol-connect';

import type { CallServing } from '../grpc/callInService.js';
import type { PeerConnectionOptions } from '../grpc/peerConnection.js';
import { allowOrigin, answerPreflight, isPreflight } from './cors.js';
import { keepsConnection } from './keepsConnection.js';
import { hostOf, malformedRequest } from './malformedRequest.js';
import { serveWebCall } from './serveWebCall.js';
import type { SiteAccess } from './siteAccess.js';
import { WebCall } from './webCall.js';
import type { WebJudging } from './webExchange.js';
import { answerFile, type WebFiles } from './webFiles.js';
import type { WebMethod } from './webMethods.js';
import { webPeer } from './webPeer.js';
import { answerPost, type WebPosts } from './webPosts.js';
import { webProtocol } from './webProtocol.js';

/** What requests are answered with. */
export interface WebListenerOptions extends WebJudging, PeerConnectionOptions {
  readonly methods: ReadonlyMap<string, WebMethod>;
  readonly site: SiteAccess;
  /** Files that are served beside the calls. */
  readonly files: WebFiles;
  /** What else is answered to pages of the server itself. */
  readonly posts: WebPosts;
  readonly serving: CallServing;
  /** Is told of each request that is no call: why it was refused, and the address and port of its peer. */
  readonly onNoCall: (reason: string, peer: string) => void;
}

/** A request that is no call. */
interface NoCall {
  readonly status: number;
  readonly code: Code;
  readonly reason: string;
}

/** Answers the requests of a server: calls by POST, files by GET, and what browsers ask before a page may call. */
export function webListener(options: WebListenerOptions) {
  const { methods, site, files, posts, serving, requestBytes, onNoCall } = options;

  function calledMethod({ method: verb, url = '', headers }: IncomingMessage) {
    const [path = ''] = url.split('?');
    const method = methods.get(path);
    if (!method) return noCall(404, Code.Unimplemented, `there is no method ${path.slice(0, 200)}`);
    if (verb !== 'POST') return noCall(405, Code.Unimplemented, 'methods are called by POST');
    const protocol = webProtocol(headers['content-type'] ?? '', headers.accept ?? '', method.isStream);
    return typeof protocol === 'string' ? noCall(415, Code.Unimplemented, protocol) : { method, protocol };
  }

  function refuse(request: IncomingMessage, response: ServerResponse, { status, code, reason }: NoCall): void {
    const { remoteAddress, remotePort } = request.socket;
    onNoCall(reason, `${remoteAddress}:${remotePort}`);
    // What follows a request that is malformed may be no request.
    const isMalformed = status === 400 || status === 501;
    const endsConnection = request.httpVersionMajor === 1 && (isMalformed || !keepsConnection(request));
    response.writeHead(status, {
      'content-type': 'application/json',
      'x-content-type-options': 'nosniff',
      ...(endsConnection && { connection: 'close' }),
      ...(status === 405 && { allow: 'POST, OPTIONS' }),
    });
    response.end(`${JSON.stringify({ code: codeToString(code), message: reason })}\n`);
    request.resume();
  }

  return (request: IncomingMessage, response: ServerResponse): void => {
    const malformed = malformedRequest(request);
    if (malformed !== null) {
      const { status, reason } = malformed;
      refuse(request, response, noCall(status, status === 501 ? Code.Unimplemented : Code.InvalidArgument, reason));
      return;
    }
    const foreign = site.refusal(hostOf(request), request.headers.origin);
    if (foreign !== null) {
      refuse(request, response, noCall(403, Code.PermissionDenied, foreign));
      return;
    }
    allowOrigin(request, response);
    if (isPreflight(request)) answerPreflight(response);
    else if (!answerFile(files, request, response) && !answerPost(posts, request, response, serving.logger)) {
      const called = calledMethod(request);
      if ('reason' in called) refuse(request, response, called);
      else {
        const exchange = { request, response, peer: webPeer(request, response, options), ...called };
        void serveWebCall(new WebCall(exchange, options), requestBytes, serving);
      }
    }
  };
}

function noCall(status: number, code: Code, reason: string): NoCall {
  return { status, code, reason };
}
