import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import { Metadata } from '@grpc/grpc-js';

const NAME = /^[\da-z_.-]+$/;
const VALUE = /^[ -~]*$/;

/** The headers of a request as metadata of a call: those that metadata can hold. */
export function callMetadata(headers: IncomingHttpHeaders): Metadata {
  const valid = Object.entries(headers).filter(
    ([name, value]) => NAME.test(name) && [value].flat().every(text => VALUE.test(text ?? '')),
  );
  return Metadata.fromHttp2Headers(Object.fromEntries(valid));
}

/** Metadata as headers of an answer. */
export function headersOf(metadata: Metadata): OutgoingHttpHeaders {
  return metadata.toHttp2Headers();
}
