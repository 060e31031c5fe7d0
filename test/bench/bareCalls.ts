import { Client, credentials, type Metadata } from '@grpc/grpc-js';
import { check } from './figures.js';

/** The method of the echo server. */
export const ECHO_PATH = '/bench.Echo/Echo';
/** The path of the service's methods. */
export const SERVICE_PATH = '/frequenz.api.dispatch.v1.MicrogridDispatchService';

/** Where a server answers. */
export interface BarePlace {
  readonly port: number;
  /** The authority of its certificate in PEM, over TLS. @default without TLS */
  readonly ca?: string | undefined;
}

/** Calls to make with grpc-js alone, so that the client is as cheap as it gets and the same for every server. */
export interface BareCalls extends BarePlace {
  readonly path: string;
  /** Calls that are under way at the same time. */
  readonly callers: number;
  readonly count: number;
  /** The encoded request of the call of this index. */
  request(index: number): Uint8Array;
  /** Looks at the encoded answer to it. */
  answered(answer: Buffer, index: number): void;
}

/** Makes the calls; returns how long they took. */
export async function makeCalls({ path, callers, count, request, answered, ...place }: BareCalls): Promise<number> {
  const client = bareClient(place);
  const call = (index: number) =>
    new Promise<void>((resolve, reject) => {
      client.makeUnaryRequest(path, asBuffer, same, request(index), (error, answer) => {
        if (error || !answer) return reject(error);
        answered(answer, index);
        resolve();
      });
    });
  let next = 0;
  const startMs = performance.now();
  await Promise.all(
    Array.from({ length: callers }, async () => {
      while (next < count) await call(next++);
    }),
  );
  const tookMs = performance.now() - startMs;
  client.close();
  return tookMs;
}

/** Streams that are open: their headers have arrived. */
export interface BareStreams extends Disposable {
  /** Fulfilled when each stream has got so many messages, with all of them, and with how long that took from the first one on. */
  received(count: number): Promise<{ tookMs: number; messages: readonly (readonly Buffer[])[] }>;
}

/** Opens so many streams of one method, with one connection for ten of them. */
export async function openStreams(
  port: number,
  path: string,
  request: Uint8Array,
  streams: number,
): Promise<BareStreams> {
  const clients = Array.from({ length: Math.ceil(streams / 10) }, () => bareClient({ port }));
  let firstMs: number | null = null;
  const messages: Buffer[][] = [];
  let arrived: () => void = () => {};
  let fail: (error: Error) => void = () => {};
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  failed.catch(() => {});
  const opened = Array.from({ length: streams }, (_, index) => {
    const own: Buffer[] = [];
    messages.push(own);
    const client = clients[index % clients.length] as Client;
    const call = client.makeServerStreamRequest(path, asBuffer, same, request);
    call.on('data', (message: Buffer) => {
      firstMs ??= performance.now();
      own.push(message);
      arrived();
    });
    call.on('error', fail);
    call.on('end', () => fail(new Error(`stream ${index} ended`)));
    return new Promise<Metadata>(resolve => call.once('metadata', resolve));
  });
  await Promise.race([Promise.all(opened), failed]);
  return {
    async received(count) {
      let missing = streams * count;
      const all = new Promise<void>(resolve => {
        arrived = () => {
          missing -= 1;
          if (missing === 0) resolve();
        };
      });
      await Promise.race([all, failed]);
      const tookMs = performance.now() - (firstMs ?? 0);
      check(
        messages.every(own => own.length === count),
        `a stream got more than ${count} messages`,
      );
      return { tookMs, messages };
    },
    [Symbol.dispose]() {
      for (const client of clients) client.close();
    },
  };
}

/** Opens one stream on a connection of its own; calls `onMessage` with each message. */
export async function openBareStream(place: BarePlace, path: string, request: Uint8Array) {
  const client = bareClient(place);
  const call = client.makeServerStreamRequest(path, asBuffer, same, request);
  const stream = {
    onMessage: (_message: Buffer): void => {},
    [Symbol.dispose]() {
      // Closing the client alone leaves its streams open.
      call.cancel();
      client.close();
    },
  };
  call.on('data', (message: Buffer) => stream.onMessage(message));
  await new Promise((resolve, reject) => {
    call.once('metadata', resolve);
    // Also when it is cancelled.
    call.on('error', reject);
  });
  return stream;
}

function bareClient({ port, ca }: BarePlace): Client {
  const channel = ca === undefined ? credentials.createInsecure() : credentials.createSsl(Buffer.from(ca));
  // Each has a connection of its own.
  const options = { 'grpc.use_local_subchannel_pool': 1, 'grpc.ssl_target_name_override': 'localhost' };
  return new Client(`127.0.0.1:${port}`, channel, options);
}

function same(bytes: Buffer): Buffer {
  return bytes;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
