import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { Logger } from '../../logger.js';
import { DispatchError } from '../../model/dispatchError.js';
import type { ListenAddress } from '../access/listenAddress.js';
import type { ServiceMetrics } from './serviceMetrics.js';

/** Metrics served over HTTP. */
export interface ServedMetrics {
  /** Their address, such as `http://127.0.0.1:9464/metrics`. */
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Serves metrics over HTTP, at `/metrics`.
 *
 * @throws DispatchError UNAVAILABLE when the address cannot be listened on.
 */
export async function serveMetrics(
  metrics: ServiceMetrics,
  { host, port }: ListenAddress,
  logger: Logger,
): Promise<ServedMetrics> {
  const server = createServer(({ method, url = '' }, response) => {
    const [path] = url.split('?');
    if (path !== '/metrics') end(response, 404, 'metrics are at /metrics\n');
    else if (method !== 'GET' && method !== 'HEAD') end(response, 405, 'only GET is allowed\n');
    else void answer(response);
  });

  async function answer(response: ServerResponse): Promise<void> {
    try {
      end(response, 200, await metrics.text(), metrics.contentType);
    } catch (error) {
      logger.error({ err: error }, 'the metrics cannot be collected');
      end(response, 500, 'the metrics cannot be collected; see the log of the service\n');
    }
  }

  try {
    await once(server.listen(port, host.replace(/^\[|\]$/g, '')), 'listening');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DispatchError('UNAVAILABLE', `cannot listen on ${host}:${port} for metrics: ${reason}`, { cause });
  }
  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}/metrics`,
    async stop() {
      server.close();
      // Scrapers keep their connections open.
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function end(response: ServerResponse, status: number, text: string, contentType = 'text/plain; charset=utf-8'): void {
  response.writeHead(status, { 'content-type': contentType }).end(text);
}
