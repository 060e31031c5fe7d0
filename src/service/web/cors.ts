import type { IncomingMessage, ServerResponse } from 'node:http';
import { cors } from '@connectrpc/connect';

import { CHANGE_LOG_POSITION, RESUME_AFTER, RESUMED, SERVER_TIME } from '../../wire/logPosition.js';
import { NOTE } from '../../wire/note.js';
import { REQUEST_ID, REQUEST_IDS_KEPT_S } from '../../wire/requestId.js';

const SIGNATURE = ['key', 'ts', 'nonce', 'sig'];
const TRACE = ['traceparent', 'tracestate'];
/** Headers that pages may send. */
const ALLOWED = [...SIGNATURE, REQUEST_ID, RESUME_AFTER, NOTE, ...TRACE, ...cors.allowedHeaders].join(', ');
/** Headers that pages may read. */
const EXPOSED = [...cors.exposedHeaders, CHANGE_LOG_POSITION, RESUMED, SERVER_TIME, REQUEST_IDS_KEPT_S].join(', ');
const MAX_AGE_S = '7200';

/** Tells the browser of a page whose origin was allowed that the page may read the answer. */
export function allowOrigin({ headers: { origin } }: IncomingMessage, response: ServerResponse): void {
  response.setHeader('vary', 'origin');
  if (origin === undefined) return;
  response.setHeader('access-control-allow-origin', origin);
  response.setHeader('access-control-expose-headers', EXPOSED);
}

/** Whether a browser asks what a page may send. */
export function isPreflight({ method, headers }: IncomingMessage): boolean {
  return method === 'OPTIONS' && headers['access-control-request-method'] !== undefined;
}

/** Answers a browser that asks what a page may send, whose origin was allowed. */
export function answerPreflight(response: ServerResponse): void {
  response.writeHead(204, {
    'access-control-allow-methods': 'POST',
    'access-control-allow-headers': ALLOWED,
    'access-control-max-age': MAX_AGE_S,
  });
  response.end();
}
