import { once } from 'node:events';
import type { WebSocket } from 'ws';
import type { AnyActorRef } from 'xstate';
import { type FilteredInspectOptions, filteredInspect } from '../../../machines/inspect/filteredInspect.js';
import { inspectRunning } from '../../../machines/inspect/inspectRunning.js';
import { note } from '../output/print.js';
import type { InspectorPlace } from './inspectorPlace.js';
import { serveInspector } from './serveInspector.js';

/** Whoever lets this much wait to be sent has stopped reading, and is cut off. */
const MAX_WAITING_BYTES = 64 * 1024 * 1024;

/**
 * Shows an actor with its descendants in the Stately inspector from now on, and notes where to look. Whoever comes to look
 * first sees what is there then.
 *
 * @throws Error when a package that it needs is not installed, the port is taken or the address cannot be reached.
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
    // It is closed then, which is all that matters here.
    socket.on('error', undo);
  };
  const opened = 'url' in place ? await connect(ws, place.url, show) : await serveInspector(ws, place.port, show);
  return {
    async [Symbol.asyncDispose]() {
      // The inspector sends each event from a timer of its own: the last ones are to be seen too.
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
  const noteLoss = () => note(`the inspector at ${url} has gone`);
  socket.on('close', noteLoss);
  note(`inspector: shown at ${url}`);
  return {
    async [Symbol.asyncDispose]() {
      socket.off('close', noteLoss);
      socket.close();
      // One that has stopped reading is not waited for.
      setTimeout(() => socket.terminate(), 1_000).unref();
    },
  };
}
