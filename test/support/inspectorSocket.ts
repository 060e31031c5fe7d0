import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createWebSocketInspector, type StatelyInspectionEvent } from '@statelyai/inspect';
import { WebSocketServer } from 'ws';

/** What came over the WebSocket, with its size. */
export interface InspectorMessage {
  readonly bytes: number;
  readonly event: StatelyInspectionEvent;
}

/** A WebSocket inspector whose messages a server on this machine takes in. */
export interface InspectorSocket extends AsyncDisposable {
  readonly inspector: ReturnType<typeof createWebSocketInspector>;
  /** All messages so far, once those under way have arrived. */
  messages(): Promise<readonly InspectorMessage[]>;
}

/** Connects a `createWebSocketInspector` with a server of its own. */
export async function inspectorSocket(): Promise<InspectorSocket> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  const messages: InspectorMessage[] = [];
  const markers = new Map<string, () => void>();
  server.on('connection', socket => {
    socket.on('message', (data: Buffer) => {
      const event: StatelyInspectionEvent = JSON.parse(data.toString());
      const marked = markers.get(event.sessionId);
      if (marked === undefined) messages.push({ bytes: data.length, event });
      else marked();
    });
  });
  const inspector = createWebSocketInspector({ url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}` });

  // The inspector sends each event from a timer of its own: what is sent after such a wait comes after all of them.
  const arrived = async () => {
    await new Promise(resolve => setTimeout(resolve, 0));
    const marker = `marker ${markers.size}`;
    const received = new Promise<void>(resolve => markers.set(marker, resolve));
    inspector.actor(marker);
    await received;
  };
  await arrived();

  return {
    inspector,
    messages: async () => {
      await arrived();
      return messages;
    },
    [Symbol.asyncDispose]: async () => {
      inspector.stop();
      const closed = once(server, 'close');
      server.close();
      await closed;
    },
  };
}
