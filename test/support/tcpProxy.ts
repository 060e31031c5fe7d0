import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

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
  /** New connections get through again. Those that were there while nothing got through stay silent. */
  thaw(): void;
  /** Ends every connection, and every new one at once, until {@link restore}: as when a service is down. */
  cut(): void;
  /** New connections get through again after {@link cut}. */
  restore(): void;
  /** Ends every connection, by a reset or cleanly. New ones get through. */
  end(how: 'reset' | 'clean'): void;
  /** Resets every connection, and refuses new ones until {@link accept}: as when nothing listens. */
  refuse(): void;
  /** New connections get through again after {@link refuse}. */
  accept(): Promise<void>;
  /** From now on everything takes so long to get through, in each direction; with Infinity it waits until this is called again. */
  delay(ms: number): void;
  /** From now on ends each connection on which nothing came for so long, as proxies do with what they take for idle. */
  endIdle(ms: number): void;
}

/** How long the port of a proxy that refused connections may belong to another program. */
const maxPortWaitMs = 10_000;

/** Starts a proxy to a port of loopback. */
export async function tcpProxy(targetPort: number, targetHost = '127.0.0.1'): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  const connections = new Set<{ isSilent: boolean; readonly client: Socket; readonly ways: readonly Way[] }>();
  let frozen = false;
  let isCut = false;
  let delayMs = 0;
  let idleMs = 0;
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
    // Zero is never.
    client.setTimeout(idleMs);
    client.on('timeout', () => client.destroy());
    const target = track(connect(targetPort, targetHost));
    const [toTarget, toClient] = [way(() => delayMs), way(() => delayMs)];
    let cut: (() => void) | null = null;
    const connection = { isSilent: frozen, client, ways: [toTarget, toClient] };
    connections.add(connection);
    client.on('data', data => {
      if (connection.isSilent) return;
      if (armed && data.includes(armed.text)) {
        cut = armed.cut;
        armed = null;
      }
      toTarget.take(() => target.write(data));
    });
    target.on('data', data => {
      if (connection.isSilent) return;
      if (cut === null) {
        toClient.take(() => client.write(data));
        return;
      }
      client.destroy();
      cut();
    });
    const forget = () => {
      if (client.closed && target.closed) connections.delete(connection);
    };
    client.once('close', () => {
      forget();
      toClient.close();
      if (!connection.isSilent) toTarget.take(() => target.destroy());
    });
    target.once('close', () => {
      forget();
      toTarget.close();
      if (!connection.isSilent) toClient.take(() => client.destroy());
    });
  });
  await listen(0);
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
  const { port } = address;

  async function listen(onPort: number): Promise<void> {
    server.listen(onPort, '127.0.0.1');
    await once(server, 'listening');
  }

  function end(how: 'reset' | 'clean'): void {
    for (const { client } of connections) {
      if (how === 'reset') client.resetAndDestroy();
      else client.destroy();
    }
  }

  return {
    port,
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
    end,
    refuse() {
      server.close();
      end('reset');
    },
    async accept() {
      // A program that connected to something meanwhile may have got the port.
      for (const beganMs = performance.now(); ; await pause(20)) {
        try {
          return await listen(port);
        } catch (error) {
          if (performance.now() - beganMs > maxPortWaitMs) throw error;
        }
      }
    },
    delay(ms) {
      delayMs = ms;
      for (const { ways } of connections) for (const { pass } of ways) pass();
    },
    endIdle(ms) {
      idleMs = ms;
      for (const { client } of connections) client.setTimeout(ms);
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      if (!server.listening) return;
      server.close();
      await once(server, 'close');
    },
  };
}

/** One direction of a connection. */
interface Way {
  /** Does something when what was sent before it has got through and its own delay is over. */
  take(act: () => void): void;
  /** Does what is due. */
  pass(): void;
  /** Forgets what waits. */
  close(): void;
}

function way(delayMs: () => number): Way {
  const waiting: { readonly sinceMs: number; readonly act: () => void }[] = [];
  let timer: NodeJS.Timeout | undefined;
  const pass = () => {
    clearTimeout(timer);
    for (let [first] = waiting; first !== undefined; [first] = waiting) {
      const leftMs = first.sinceMs + delayMs() - performance.now();
      if (leftMs > 0) {
        if (leftMs < Number.POSITIVE_INFINITY) timer = setTimeout(pass, leftMs);
        return;
      }
      waiting.shift();
      first.act();
    }
  };
  return {
    take(act) {
      waiting.push({ sinceMs: performance.now(), act });
      if (waiting.length === 1) pass();
    },
    pass,
    close() {
      clearTimeout(timer);
      waiting.length = 0;
    },
  };
}
