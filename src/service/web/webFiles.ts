import type { IncomingMessage, ServerResponse } from 'node:http';

/** A file that is served over HTTP. */
export interface WebFile {
  readonly contentType: string;
  readonly content: string | Uint8Array;
  /** The same, compressed. */
  readonly gzipped?: Uint8Array;
  /** Further headers, such as a content security policy. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Gives the file of a path, such as `/index.html`, that is served beside the calls; undefined when there is none. */
export type WebFiles = (path: string) => WebFile | undefined;

/** Answers GET and HEAD with a file; returns whether there is one. */
export function answerFile(
  files: WebFiles,
  { method, url = '', headers }: IncomingMessage,
  response: ServerResponse,
): boolean {
  if (method !== 'GET' && method !== 'HEAD') return false;
  const file = files(url.split('?')[0] ?? '');
  if (file === undefined) return false;
  const isGzipped = file.gzipped !== undefined && /\bgzip\b/.test(String(headers['accept-encoding'] ?? ''));
  const content = isGzipped ? (file.gzipped as Uint8Array) : file.content;
  response.writeHead(200, {
    'content-length': Buffer.byteLength(content),
    ...(file.gzipped && { vary: 'origin, accept-encoding' }),
    ...(isGzipped && { 'content-encoding': 'gzip' }),
    'x-content-type-options': 'nosniff',
    ...file.headers,
    'content-type': file.contentType,
  });
  response.end(method === 'HEAD' ? undefined : content);
  return true;
}
