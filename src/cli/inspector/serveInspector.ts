import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { WebSocket } from 'ws';
import { note } from '../output/print.js';
import { inspectorPage } from './inspectorPage.js';

/**
 * Serves a page with the Stately inspector and its WebSocket on loopback, and prints the address.
 *
 * @param show Called with each socket that opens.
 * @throws Error when the port is in use.
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
  // Otherwise any page open in the browser could read the events.
  const verifyClient = ({ origin }: { origin?: string }) => origin === undefined || isLoopback(origin);
  const sockets = new ws.WebSocketServer({ server, verifyClient });
  sockets.on('connection', show);
  sockets.on('error', error => note(`inspector: ${error.message}`));
  note(`inspector: open http://127.0.0.1:${(server.address() as AddressInfo).port} in a browser`);
  return {
    async [Symbol.asyncDispose]() {
      for (const socket of sockets.clients) {
        socket.close(1001);
        // Do not wait for a peer that has stopped reading.
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
