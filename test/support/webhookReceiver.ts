import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request that a receiver got. */
export interface ReceivedWebhook {
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** The body as JSON. */
  readonly body: {
    readonly type: string;
    readonly timestamp: string;
    readonly data: { readonly id: number; readonly payload: unknown };
  };
}

/** A receiver of webhooks on a free port. */
export interface WebhookReceiver extends AsyncDisposable {
  readonly url: string;
  readonly received: readonly ReceivedWebhook[];
  /** The next request that was not returned yet. */
  next(): Promise<ReceivedWebhook>;
}

/**
 * Starts a receiver.
 *
 * @param answer Answers a request. @default 204
 * @param atPort Port to listen on. @default a free one
 */
export async function webhookReceiver(
  answer: (response: ServerResponse, webhook: ReceivedWebhook) => void = response => response.writeHead(204).end(),
  atPort = 0,
): Promise<WebhookReceiver> {
  const received: ReceivedWebhook[] = [];
  let returned = 0;
  let wake = () => {};
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request.setEncoding('utf8')) text += chunk;
    const webhook = { headers: request.headers as Record<string, string>, text, body: JSON.parse(text) };
    received.push(webhook);
    wake();
    answer(response, webhook);
  });
  await once(server.listen(atPort, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/hook`,
    received,
    async next() {
      while (received.length <= returned) {
        await new Promise<void>(resolve => {
          wake = resolve;
        });
      }
      return received[returned++] as ReceivedWebhook;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
