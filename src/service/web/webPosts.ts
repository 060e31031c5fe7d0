import { type IncomingHttpHeaders, type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';

import type { Logger } from '../../logger.js';
import { DispatchError } from '../../model/dispatchError.js';
import { errorStatus } from '../grpc/errorStatus.js';
import { readBody } from './requestMessage.js';
import { webProtocol } from './webProtocol.js';

/**
 * Answers JSON that a page posts with JSON.
 *
 * @throws DispatchError that the page is told, as the caller of a method is.
 */
export type WebPost = (body: unknown, headers: IncomingHttpHeaders) => unknown;

/** What is answered to pages of the server itself beside the calls, by path. */
export type WebPosts = ReadonlyMap<string, WebPost>;

/** Maximum size of what is posted. */
const MAX_BYTES = 4_096;
const HEADERS = {
  'content-type': 'application/json',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
};
/** The server ends requests that do not arrive. */
const never = new Promise<never>(() => {});

/**
 * Answers what a page of the server itself posts; returns whether the path is known. Pages of origins that may call, and what is no page, are refused.
 */
export function answerPost(
  posts: WebPosts,
  request: IncomingMessage,
  response: ServerResponse,
  logger: Logger,
): boolean {
  const { method, url = '' } = request;
  const post = method === 'POST' ? posts.get(url.split('?')[0] ?? '') : undefined;
  if (post === undefined) return false;
  void answered(post, request, logger).then(({ status, body }) => {
    response.writeHead(status, STATUS_CODES[status], HEADERS);
    response.end(body);
    request.resume();
  });
  return true;
}

async function answered(post: WebPost, request: IncomingMessage, logger: Logger) {
  const { url = '', headers } = request;
  const protocol = webProtocol('application/json', '', false);
  if (typeof protocol === 'string') throw new Error(protocol);
  try {
    checkSite(headers);
    const body = JSON.parse(String(await readBody(request, MAX_BYTES, never)) || 'null');
    return { status: 200, body: JSON.stringify(await post(body, headers)) };
  } catch (error) {
    const known =
      error instanceof SyntaxError ? new DispatchError('INVALID_ARGUMENT', 'the request is not JSON') : error;
    return protocol.failure(errorStatus(known, url, logger));
  }
}

/** The server has refused origins that may not call; browsers tell the origin of all that is posted. */
function checkSite({
  origin,
  host,
  'sec-fetch-site': site = 'same-origin',
  'content-type': type = '',
}: IncomingHttpHeaders): void {
  if (origin === undefined || new URL(origin).host !== host || site !== 'same-origin') {
    throw new DispatchError('PERMISSION_DENIED', 'only the console itself may ask for this');
  }
  if (type.split(';')[0]?.trim() !== 'application/json') {
    throw new DispatchError('INVALID_ARGUMENT', 'the content type must be application/json');
  }
}
