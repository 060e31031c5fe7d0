import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** A proxy on a free port of loopback, between a program and a server of which the connection is to fail. */
export interface TcpProxy extends AsyncDisposable {
  readonly port: number;
  /** How many connections were opened so far. */
  readonly openedCount: number;
  /**
   * The next time that a client sends this text, passes it on, and cuts the connection when the server begins to answer.
   * Fulfilled when it has.
   */
  cutAtAnswerTo(text: string): Promise<void>;
  /** From now on nothing gets through, and nobody is told: as when a network falls silent. */
  freeze(): void;
  /** Ends every connection, and every new one at once, until {@link restore}: as when a service is down. */
  cut(): void;
  /** New connections get through again after {@link cut}. */
  restore(): void;
  /** New connections get through again. Those that were there while nothing got through stay silent. */
  thaw(): void;
}

/** Starts a proxy to a port of loopback. */
export async function tcpProxy(targetPort: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  const connections = new Set<{ isSilent: boolean }>();
  let frozen = false;
  let isCut = false;
  let openedCount = 0;
  let armed: { readonly text: string; readonly cut: () => void } | null = null;

  function track(socket: Socket): Socket {
    sockets.add(socket);
    // What ends one side ends the other, however it ended.
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
    return socket;
  }

  const server = createServer(accepted => {
    openedCount += 1;
    if (isCut) {
      accepted.destroy();
      return;
    }
    const client = track(accepted);
    const target = track(connect(targetPort, '127.0.0.1'));
    let cut: (() => void) | null = null;
    const connection = { isSilent: frozen };
    connections.add(connection);
    client.on('data', data => {
      if (connection.isSilent) return;
      if (armed && data.includes(armed.text)) {
        cut = armed.cut;
        armed = null;
      }
      target.write(data);
    });
    target.on('data', data => {
      if (connection.isSilent) return;
      if (cut === null) {
        client.write(data);
        return;
      }
      client.destroy();
      cut();
    });
    client.once('close', () => {
      connections.delete(connection);
      if (!connection.isSilent) target.destroy();
    });
    target.once('close', () => {
      if (!connection.isSilent) client.destroy();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port');

  return {
    port: address.port,
    get openedCount() {
      return openedCount;
    },
    cutAtAnswerTo: text =>
      new Promise(resolve => {
        armed = { text, cut: resolve };
      }),
    freeze() {
      frozen = true;
      for (const connection of connections) connection.isSilent = true;
    },
    thaw() {
      frozen = false;
    },
    cut() {
      isCut = true;
      for (const socket of sockets) socket.destroy();
    },
    restore() {
      isCut = false;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
