import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';

const TYPES: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript' };

/** Serves the files of folders over HTTP on loopback; each from the first folder that has it. */
export async function serveFolders(...folders: string[]): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer(async (request, response) => {
    const path = normalize(request.url === '/' ? '/index.html' : String(request.url));
    for (const folder of folders) {
      const content = await readFile(join(folder, path)).catch(() => null);
      if (content === null) continue;
      response.writeHead(200, { 'content-type': TYPES[extname(path)] ?? 'application/octet-stream' });
      response.end(content);
      return;
    }
    response.writeHead(404).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
