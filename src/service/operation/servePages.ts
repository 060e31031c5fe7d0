import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { Logger } from '../../logger.js';
import { DispatchError } from '../../model/dispatchError.js';
import type { ListenAddress } from '../access/listenAddress.js';

/** What a page answers. */
export interface Page {
  /** @default 200 */
  readonly status?: number;
  /** @default text/plain; charset=utf-8 */
  readonly contentType?: string;
  readonly text: string;
}

/** Pages served over HTTP. */
export interface ServedPages extends AsyncDisposable {
  /** Their address without a path, such as `http://127.0.0.1:9464`. */
  readonly origin: string;
  stop(): Promise<void>;
}

/**
 * Serves pages for scrapers and supervisors over HTTP, by GET, until it is stopped.
 *
 * @param pages By path, such as `/metrics`. One that throws is logged and answered with 500.
 * @throws DispatchError UNAVAILABLE when the address cannot be listened on.
 */
export async function servePages(
  pages: Readonly<Record<string, () => Page | Promise<Page>>>,
  { host, port }: ListenAddress,
  logger: Logger,
): Promise<ServedPages> {
  const paths = new Map(Object.entries(pages));
  const server = createServer(({ method, url = '' }, response) => {
    const [path = ''] = url.split('?');
    const page = paths.get(path);
    if (page === undefined) end(response, { status: 404, text: `there is ${[...paths.keys()].join(', ')}\n` });
    else if (method !== 'GET' && method !== 'HEAD') end(response, { status: 405, text: 'only GET is allowed\n' });
    else void answer(response, path, page);
  });

  async function answer(response: ServerResponse, path: string, page: () => Page | Promise<Page>): Promise<void> {
    try {
      end(response, await page());
    } catch (error) {
      logger.error({ err: error, path }, 'a page cannot be answered');
      end(response, { status: 500, text: `${path} cannot be answered; see the log\n` });
    }
  }

  try {
    await once(server.listen(port, host.replace(/^\[|\]$/g, '')), 'listening');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `cannot listen on ${host}:${port} for ${[...paths.keys()].join(', ')}: ${reason}`;
    throw new DispatchError('UNAVAILABLE', message, { cause });
  }
  const stop = async () => {
    if (!server.listening) return;
    server.close();
    // Scrapers keep their connections open.
    server.closeAllConnections();
    await once(server, 'close');
  };
  return {
    origin: `http://${host}:${(server.address() as AddressInfo).port}`,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function end(response: ServerResponse, { status = 200, text, contentType = 'text/plain; charset=utf-8' }: Page): void {
  response.writeHead(status, { 'content-type': contentType }).end(text);
}
