import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { WebSocket } from 'ws';
import { note } from '../output/print.js';
import { inspectorPage } from './inspectorPage.js';

/**
 * Serves a page with the Stately inspector, and the WebSocket that it reads, on this machine only, and notes where.
 *
 * @param show is given each socket that opens
 * @throws Error when the port is taken.
 */
export async function serveInspector(
  ws: typeof import('ws'),
  port: number,
  show: (socket: WebSocket) => void,
): Promise<AsyncDisposable> {
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'text/html; charset=utf-8');
    response.end(inspectorPage);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening').catch(error => {
    const reason = error.code === 'EADDRINUSE' ? 'it is in use; --inspect=0 takes a free one' : error.message;
    throw new Error(`port ${port} cannot serve the inspector: ${reason}`, { cause: error });
  });
  // Any page that the browser has open could read along otherwise.
  const verifyClient = ({ origin }: { origin?: string }) => origin === undefined || isLoopback(origin);
  const sockets = new ws.WebSocketServer({ server, verifyClient });
  sockets.on('connection', show);
  sockets.on('error', error => note(`inspector: ${error.message}`));
  note(`inspector: open http://127.0.0.1:${(server.address() as AddressInfo).port} in a browser`);
  return {
    async [Symbol.asyncDispose]() {
      for (const socket of sockets.clients) {
        socket.close(1001);
        // One that has stopped reading is not waited for.
        setTimeout(() => socket.terminate(), 1_000).unref();
      }
      sockets.close();
      server.close();
      server.closeAllConnections();
    },
  };
}

function isLoopback(origin: string): boolean {
  return URL.canParse(origin) && ['127.0.0.1', 'localhost', '[::1]'].includes(new URL(origin).hostname);
}
