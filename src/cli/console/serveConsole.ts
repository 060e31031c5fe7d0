import { credentialSource } from '../../client/credentials.js';
import { GrpcConnection } from '../../client/grpcConnection.js';
import type { Logger } from '../../logger.js';
import { callGate } from '../../service/access/callGate.js';
import { callLimits } from '../../service/access/callLimits.js';
import { keyRing } from '../../service/access/keyRing.js';
import { listenAddress } from '../../service/access/listenAddress.js';
import { consoleFiles } from '../../service/web/consoleFiles.js';
import type { WebPosts } from '../../service/web/webPosts.js';
import { webServer } from '../../service/web/webServer.js';
import type { ServiceAccess } from '../access/serviceAccess.js';
import { UsageError } from '../input/usageError.js';
import { type ConsoleAccess, consoleAccess } from './consoleAccess.js';
import { relayedServices } from './relayedServices.js';
import { storedHistory } from './storedHistory.js';

/** Options of {@link serveConsole}. */
export interface ConsoleOptions {
  /** The service, with the key and the secret that calls are signed with. */
  readonly service: ServiceAccess;
  /** `HOST:PORT` on loopback; port 0 takes a free port. */
  readonly listen: string;
  /** Microgrids that pages open at once. */
  readonly microgrids: readonly number[];
  /** Time that pages show at first, in milliseconds. @default a day */
  readonly spanMs?: number;
  /** File of the store of a dispatcher, whose history pages can read. */
  readonly store: string | undefined;
  readonly logger: Logger;
  /** Is told of each page that a link has opened. */
  readonly onOpened: () => void;
}

/** A console that is served on this machine. */
export interface LocalConsole extends AsyncDisposable {
  /** Makes a link that opens the console once. */
  newLink(): string;
}

/** Time that calls have to end. */
const STOP_GRACE_MS = 500;

/**
 * Serves the page of the console on one port of this machine, and passes its calls on to a service. Key and secret of the service stay in this
 * process: pages have a random key, which they get once for the code of a link.
 *
 * @throws UsageError when an address is wrong; DispatchError UNAVAILABLE when it cannot be listened on.
 */
export async function serveConsole(options: ConsoleOptions): Promise<LocalConsole> {
  const { service, logger } = options;
  const place = listenAddress(options.listen, '--listen');
  if (!place.loopback)
    throw new UsageError(`--listen ${place.text}: the console is for this machine, such as 127.0.0.1:0.`);
  const files = await consoleFiles('code');
  const access = consoleAccess();
  const keys = keyRing([{ name: 'console', key: access.key, secret: undefined, microgrids: 'all', audit: true }]);
  const limits = callLimits();
  const connection = new GrpcConnection({ address: service.url }, credentialSource(service));
  const server = webServer({
    place,
    origins: [],
    files,
    posts: postsOf(options, access),
    tls: null,
    services: relayedServices(connection, service.url),
    keys,
    gate: callGate(keys, limits),
    limits,
    connections: {},
    stopGraceMs: STOP_GRACE_MS,
    logger,
    observers: [],
  });
  const close = () => connection.close();
  const origin = await server.listen().catch(error => {
    close();
    throw error;
  });
  return {
    newLink: () => `${origin}/#code=${access.newCode()}`,
    async [Symbol.asyncDispose]() {
      const hurry = new AbortController();
      hurry.abort();
      await server.shutDown(hurry.signal);
      close();
    },
  };
}

function postsOf({ service, microgrids, spanMs, store, onOpened }: ConsoleOptions, access: ConsoleAccess): WebPosts {
  const posts: WebPosts = new Map([
    [
      '/session',
      (body: unknown) => {
        if (access.exchange(fieldOf(body, 'code'), fieldOf(body, 'claim'))) onOpened();
        return { key: access.key, service: service.url, microgrids, hasHistory: store !== undefined, spanMs };
      },
    ],
  ]);
  if (store === undefined) return posts;
  const history = storedHistory(store);
  return new Map([
    ...posts,
    [
      '/history',
      (body, { key }) => {
        access.checkKey(key);
        return history(body);
      },
    ],
  ]);
}

function fieldOf(body: unknown, name: string): unknown {
  return typeof body === 'object' && body !== null ? (body as Record<string, unknown>)[name] : undefined;
}
