import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';

import { DispatchError } from '../../model/dispatchError.js';
import { limitExceeded } from '../access/callLimiter.js';
import type { WebProtocol } from './webProtocol.js';

const inflate = promisify(gunzip);
const COMPRESSED = 1;
const PREFIX_BYTES = 5;

/** Whether a request says itself that it is too large. */
export function saysTooLarge({ headers }: IncomingMessage, maxBytes: number): boolean {
  return Number(headers['content-length'] ?? 0) > maxBytes + PREFIX_BYTES;
}

/** The error for a request that is too large. */
export function tooLarge(maxBytes: number): DispatchError {
  return limitExceeded(`the request is larger than ${maxBytes} bytes`);
}

/**
 * Reads the body of a request.
 *
 * @param late - rejects when it must have arrived.
 * @throws DispatchError RESOURCE_EXHAUSTED when it is too large; what `late` rejects with; or an error when the peer is gone.
 */
export async function readBody(request: IncomingMessage, maxBytes: number, late: Promise<never>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  // The connection is still needed for the answer.
  const iterator = request.iterator({ destroyOnReturn: false });
  for (;;) {
    const { done, value } = await Promise.race([iterator.next(), late]);
    if (done) return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
    chunks.push(value);
    bytes += value.length;
    if (bytes > maxBytes + PREFIX_BYTES) throw tooLarge(maxBytes);
  }
}

/**
 * The message in the body of a request: without its envelope, inflated.
 *
 * @throws DispatchError INVALID_ARGUMENT, RESOURCE_EXHAUSTED, or UNIMPLEMENTED for a compression other than gzip.
 */
export async function requestMessage(
  body: Buffer,
  { isEnveloped, encodingHeader }: WebProtocol,
  { headers }: IncomingMessage,
  maxBytes: number,
): Promise<Uint8Array> {
  const encoding = headers[encodingHeader] ?? 'identity';
  if (encoding !== 'identity' && encoding !== 'gzip') {
    const message = `${encodingHeader}: '${encoding}' is not supported; gzip is`;
    throw new DispatchError('UNIMPLEMENTED', message);
  }
  const message = isEnveloped ? inEnvelope(body) : body;
  const isCompressed = encoding === 'gzip' && (isEnveloped ? body.readUInt8(0) === COMPRESSED : body.length > 0);
  if (isEnveloped && body.readUInt8(0) !== (isCompressed ? COMPRESSED : 0)) {
    throw new DispatchError('INVALID_ARGUMENT', `the flags of the envelope do not fit ${encodingHeader}`);
  }
  const inflated = isCompressed ? await inflatedOf(message, maxBytes) : message;
  if (inflated.length > maxBytes) throw tooLarge(maxBytes);
  return inflated;
}

function inEnvelope(body: Buffer): Buffer {
  if (body.length < PREFIX_BYTES || body.length !== PREFIX_BYTES + body.readUInt32BE(1)) {
    throw new DispatchError('INVALID_ARGUMENT', 'the request must be one message in an envelope');
  }
  return body.subarray(PREFIX_BYTES);
}

async function inflatedOf(message: Buffer, maxBytes: number): Promise<Buffer> {
  try {
    return await inflate(message, { maxOutputLength: maxBytes });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(maxBytes);
    throw new DispatchError('INVALID_ARGUMENT', 'the request cannot be inflated');
  }
}
