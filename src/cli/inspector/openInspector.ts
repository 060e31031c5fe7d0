import { once } from 'node:events';
import type { WebSocket } from 'ws';
import type { AnyActorRef } from 'xstate';
import { type FilteredInspectOptions, filteredInspect } from '../../../machines/inspect/filteredInspect.js';
import { inspectRunning } from '../../../machines/inspect/inspectRunning.js';
import { note } from '../output/print.js';
import type { InspectorPlace } from './inspectorPlace.js';
import { serveInspector } from './serveInspector.js';

/** Maximum number of bytes that wait to be sent; above it the peer has stopped reading and is disconnected. */
const MAX_WAITING_BYTES = 64 * 1024 * 1024;

/**
 * Shows an actor and its descendants in the Stately inspector, and prints where to look. A new viewer first gets what exists at that
 * time.
 *
 * @throws Error when a required package is not installed, the port is in use or the address cannot be reached.
 */
export async function openInspector(
  actor: AnyActorRef,
  place: InspectorPlace,
  options: FilteredInspectOptions,
): Promise<AsyncDisposable> {
  const { createInspector, ws } = await loadPackages();
  const show = (socket: WebSocket) => {
    const send = (event: object) => {
      if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(event));
      if (socket.bufferedAmount > MAX_WAITING_BYTES) socket.terminate();
    };
    const undo = inspectRunning(actor, filteredInspect(createInspector({ send }).inspect, options));
    socket.on('close', undo);
    // The socket is closed after an error.
    socket.on('error', undo);
  };
  const opened = 'url' in place ? await connect(ws, place.url, show) : await serveInspector(ws, place.port, show);
  return {
    async [Symbol.asyncDispose]() {
      // The inspector sends each event from a timer: wait for the last ones.
      await new Promise(resolve => setTimeout(resolve, 1));
      await opened[Symbol.asyncDispose]();
    },
  };
}

async function loadPackages() {
  try {
    const [{ createInspector }, ws] = await Promise.all([import('@statelyai/inspect'), import('ws')]);
    return { createInspector, ws };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new Error('--inspect needs two more packages: npm install @statelyai/inspect ws', { cause: error });
  }
}

async function connect(
  ws: typeof import('ws'),
  url: string,
  show: (socket: WebSocket) => void,
): Promise<AsyncDisposable> {
  const socket = new ws.WebSocket(url, { handshakeTimeout: 10_000 });
  await once(socket, 'open').catch(error => {
    throw new Error(`the inspector at ${url} cannot be reached: ${error.message || error.code}`, { cause: error });
  });
  show(socket);
  const noteLoss = () => note(`the inspector at ${url} has disconnected`);
  socket.on('close', noteLoss);
  note(`inspector: shown at ${url}`);
  return {
    async [Symbol.asyncDispose]() {
      socket.off('close', noteLoss);
      socket.close();
      // Do not wait for a peer that has stopped reading.
      setTimeout(() => socket.terminate(), 1_000).unref();
    },
  };
}
