import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import { Metadata } from '@grpc/grpc-js';

import { DispatchError } from '../../model/dispatchError.js';
import { NOTE } from '../../wire/note.js';
import { REQUEST_ID } from '../../wire/requestId.js';

const NAME = /^[\da-z_.-]+$/;
const VALUE = /^[ -~]*$/;
/** Without the bits that a last character of its own would have. */
const BASE64 = /^(?:[\w+/-]{4})*(?:[\w+/-]{2,3}={0,2})?$/;

/** The headers of a request as metadata of a call: those that metadata can hold. */
export function callMetadata(headers: IncomingHttpHeaders): Metadata {
  const valid = Object.entries(headers).filter(
    ([name, value]) => NAME.test(name) && [value].flat().every(text => VALUE.test(text ?? '')),
  );
  return Metadata.fromHttp2Headers(Object.fromEntries(valid));
}

/**
 * Checks the headers whose content would get lost on the way to metadata.
 *
 * @throws DispatchError INVALID_ARGUMENT
 */
export function checkHeaders({ [REQUEST_ID]: requestId, [NOTE]: note }: IncomingHttpHeaders): void {
  if (!VALUE.test(String(requestId ?? ''))) throw invalidHeader(REQUEST_ID, 'must be in printable ASCII characters');
  const notes = String(note ?? '').split(',');
  if (!notes.every(text => BASE64.test(text.trim()))) throw invalidHeader(NOTE, 'must be a text in UTF-8, in base64');
}

function invalidHeader(name: string, problem: string): DispatchError {
  return new DispatchError('INVALID_ARGUMENT', `${name}: ${problem}`, { field: name });
}

/** Metadata as headers of an answer. */
export function headersOf(metadata: Metadata): OutgoingHttpHeaders {
  return metadata.toHttp2Headers();
}
