import { once } from 'node:events';
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:http2';
import type { Readable } from 'node:stream';

/** An answer that has begun: its headers have arrived. */
export interface WebAnswer {
  readonly status: number;
  readonly body: Readable;
}

/** What requests by POST are made over. Their connections end with it. */
export interface WebTransport extends Disposable {
  send(path: string, headers: Readonly<Record<string, string>>, body: Buffer): Promise<WebAnswer>;
}

/** Where a service answers over HTTP. */
export interface WebPlace {
  readonly webUrl: string;
  /** The authority of its certificate in PEM, over TLS; undefined: without TLS. */
  readonly ca: string | undefined;
}

/** Windows in bytes, of a stream and of a connection, as Chromium has them: those of Node are small. */
const STREAM_WINDOW = 6 * 2 ** 20;
const CONNECTION_WINDOW = 15 * 2 ** 20;

/** Requests to a service as browsers make them: over connections of HTTP/1.1 that stay open, or over TLS one of HTTP/2. */
export function webTransport(place: WebPlace, connections: number): WebTransport {
  return place.ca === undefined ? overHttp1(place.webUrl, connections) : overHttp2(place.webUrl, place.ca);
}

function overHttp1(webUrl: string, connections: number): WebTransport {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  return {
    async send(path, headers, body) {
      const sent = httpRequest(webUrl + path, {
        method: 'POST',
        agent,
        headers: { ...headers, 'content-length': body.length },
      });
      sent.end(body);
      const [response] = (await once(sent, 'response')) as [IncomingMessage];
      return { status: response.statusCode ?? 0, body: response };
    },
    [Symbol.dispose]: () => agent.destroy(),
  };
}

function overHttp2(webUrl: string, ca: string): WebTransport {
  const session = connect(webUrl, { ca, servername: 'localhost', settings: { initialWindowSize: STREAM_WINDOW } });
  session.once('connect', () => session.setLocalWindowSize(CONNECTION_WINDOW));
  return {
    async send(path, headers, body) {
      const sent = session.request({ ':method': 'POST', ':path': path, 'content-length': body.length, ...headers });
      sent.end(body);
      const [answered] = await once(sent, 'response');
      return { status: answered[':status'], body: sent };
    },
    [Symbol.dispose]: () => session.destroy(),
  };
}
