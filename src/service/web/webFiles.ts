import type { IncomingMessage, ServerResponse } from 'node:http';

/** A file that is served over HTTP. */
export interface WebFile {
  readonly contentType: string;
  readonly content: string | Uint8Array;
  /** Further headers, such as a content security policy. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Gives the file of a path, such as `/index.html`, that is served beside the calls; undefined when there is none. */
export type WebFiles = (path: string) => WebFile | undefined;

/** Answers GET and HEAD with a file; returns whether there is one. */
export function answerFile(files: WebFiles, { method, url = '' }: IncomingMessage, response: ServerResponse): boolean {
  if (method !== 'GET' && method !== 'HEAD') return false;
  const file = files(url.split('?')[0] ?? '');
  if (file === undefined) return false;
  response.writeHead(200, {
    'content-length': Buffer.byteLength(file.content),
    'x-content-type-options': 'nosniff',
    ...file.headers,
    'content-type': file.contentType,
  });
  response.end(method === 'HEAD' ? undefined : file.content);
  return true;
}
