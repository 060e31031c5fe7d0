import { createHash } from 'node:crypto';
import { Metadata } from '@grpc/grpc-js';

import { DispatchError } from '../../model/dispatchError.js';
import { REQUEST_ID, REQUEST_IDS_KEPT_S } from '../../wire/requestId.js';
import type { DispatchWrite, IdempotencyKey } from '../domain/dispatchStore.js';
import { auditAuthor } from './auditAuthor.js';
import type { ServedCall } from './servedCall.js';

/** Seconds for which the response to a request with an id is kept. */
export const REQUEST_ID_RETENTION_S = 24 * 3600;

/** Headers of calls that are no streams. A client takes the headers of a stream for its opening, and a stream may be refused. */
export const UNARY_HEADERS = new Metadata();
UNARY_HEADERS.set(REQUEST_IDS_KEPT_S, String(REQUEST_ID_RETENTION_S));

const ID = /^[ -~]{1,128}$/;

/** The content of a write, to compare retries. */
interface RequestContent {
  /** The method, which is part of the content. */
  readonly method: 'create' | 'update' | 'delete';
  readonly microgridId: number;
  /** Encodes the decoded request: equal requests have equal bytes. */
  encode(): Uint8Array;
}

const METHODS = {
  create: 'CreateMicrogridDispatch',
  update: 'UpdateMicrogridDispatch',
  delete: 'DeleteMicrogridDispatch',
} as const;

/**
 * Adds to a write the signal and the deadline of its call, which end its waiting when nobody waits for it any more, its author, and what prevents it from being made
 * twice: the nonce of its call, and its request id if it has one. A request id is valid for one API key and one microgrid.
 *
 * @throws DispatchError INVALID_ARGUMENT when the request id or the note is malformed.
 */
export function idempotentWrite(
  write: DispatchWrite,
  call: ServedCall,
  { method, microgridId, encode }: RequestContent,
): DispatchWrite {
  const { metadata, access, signal, deadlineMs } = call;
  const { nonce, apiKey } = access;
  const requestIds = metadata.get(REQUEST_ID);
  if (requestIds.length === 0) {
    return { ...write, signal, deadlineMs, nonce, author: auditAuthor(call, METHODS[method], null) };
  }
  const [requestId] = requestIds;
  if (requestIds.length > 1 || typeof requestId !== 'string' || !ID.test(requestId)) {
    const message = `${REQUEST_ID}: must be one string of 1 to 128 printable ASCII characters`;
    throw new DispatchError('INVALID_ARGUMENT', message, { field: REQUEST_ID });
  }
  const idempotencyKey: IdempotencyKey = {
    id: digest(JSON.stringify([apiKey.key, microgridId, requestId])),
    hash: digest(method, encode()),
    untilUs: (Date.now() + REQUEST_ID_RETENTION_S * 1000) * 1000,
  };
  return { ...write, signal, deadlineMs, nonce, idempotencyKey, author: auditAuthor(call, METHODS[method], requestId) };
}

function digest(...parts: (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('base64url');
}
