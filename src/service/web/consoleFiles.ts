import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, extname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';

import { DispatchError } from '../../model/dispatchError.js';
import type { WebFile, WebFiles } from './webFiles.js';

/** How people sign in to a console: by a link with a code, by a key that they type in, or not at all. */
export type ConsoleSignIn = 'code' | 'key' | 'none';

/** Where a build has the files of the console. */
function builtFolder(): string {
  return join(dirname(createRequire(import.meta.url).resolve('xstate-dispatch/package.json')), 'dist/console');
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
};

/**
 * The page loads its own files and calls its own server, and nothing else: whatever a text in it contains is no script, and no other page can show it
 * in a frame or get hold of its window.
 */
const HEADERS = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data: blob:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; '),
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  'cache-control': 'no-cache',
};

/**
 * Reads the files of the console, which are served from memory: no path of a request reaches the disk.
 *
 * @param folder - where they are. @default those of this package
 * @throws DispatchError FAILED_PRECONDITION when they were not built.
 */
export async function consoleFiles(signIn: ConsoleSignIn, folder = builtFolder()): Promise<WebFiles> {
  const names = existsSync(folder) ? await readdir(folder) : [];
  if (!names.some(name => name.startsWith('index.html'))) {
    throw new DispatchError('FAILED_PRECONDITION', 'the console is not built: run npm run build:console');
  }
  const files = new Map(await Promise.all(names.map(name => webFile(folder, name))));
  const index = files.get('/index.html');
  if (index) files.set('/', index);
  files.set('/console.json', {
    contentType: 'application/json',
    content: JSON.stringify({ signIn }),
    headers: HEADERS,
  });
  return path => files.get(path);
}

/** Files of the package are compressed. */
async function webFile(folder: string, name: string): Promise<readonly [path: string, file: WebFile]> {
  const path = `/${name.replace(/\.gz$/, '')}`;
  const bytes = await readFile(join(folder, name));
  const content = name.endsWith('.gz') ? { content: gunzipSync(bytes), gzipped: bytes } : { content: bytes };
  return [path, { ...content, contentType: TYPES[extname(path)] ?? 'application/octet-stream', headers: HEADERS }];
}
