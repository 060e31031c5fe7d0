import { once } from 'node:events';
import { type ClientHttp2Session, connect as connectHttp2, constants, type OutgoingHttpHeaders } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { CreateMicrogridDispatchRequest } from '../../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { signedMetadata } from '../../support/signedMetadata.js';
import { END_HEADERS, FRAME, frame, headerBlock, PREFACE, settings, uint32 } from '../malformed/frames.js';
import { grpcFrame } from '../malformed/wire.js';
import { bytes } from '../random.js';

/** The key of the attacker, which has a limit as every key has. */
export const TENANT = { name: 'tenant', key: 'key-of-the-tenant', secret: 'secret-of-the-tenant', microgrids: [1] };

/** What an attack is made on. */
export interface Target {
  readonly port: number;
  readonly random: () => number;
  /** Aborts when it is over. */
  readonly signal: AbortSignal;
  /** Counts what came of a call or a connection. */
  count(outcome: string): void;
}

type Attack = (target: Target) => Promise<void>;

const SERVICE = '/frequenz.api.dispatch.v1.MicrogridDispatchService';
const TOGETHER = 100;
const BOMB = grpcFrame(gzipSync(Buffer.alloc(50_000_000)), undefined, 1);
const MANY_IDS = grpcFrame(gzipSync(creationFor(1_000_000)), undefined, 1);
/** Nearly as long as a request may be. */
const LONG = grpcFrame(creationFor(130_000));

/** What strangers, and a tenant with a right key, can do to a service. */
export const ATTACKS: { readonly [name: string]: Attack } = {
  'gzip bombs': target =>
    flood(target, random => ({
      ...(random() < 0.5 ? signed('CreateMicrogridDispatch') : headersOf('CreateMicrogridDispatch', { key: 'wrong' })),
      body: random() < 0.5 ? BOMB : MANY_IDS,
      encoding: 'gzip',
    })),
  'slow headers': target =>
    heldConnections(target, 500, async socket => {
      socket.write(
        Buffer.concat([PREFACE, settings(), frame(FRAME.headers, 0, 1, headerBlock({ ':method': 'POST' }))]),
      );
      while (await drips(socket, target)) socket.write(frame(FRAME.continuation, 0, 1, headerBlock({ a: 'b' })));
    }),
  'slow bodies': target => slowBodies(target, () => signed('CreateMicrogridDispatch')),
  'slow bodies of strangers': target =>
    slowBodies(target, () => headersOf('CreateMicrogridDispatch', { key: 'wrong' })),
  'half-open streams': target => slowBodies(target, () => signed('StreamMicrogridDispatches'), 0),
  'a thousand connections': target =>
    heldConnections(target, 1_000, async socket => {
      socket.write(Buffer.concat([PREFACE, settings()]));
      await once(socket, 'close', { signal: target.signal }).catch(() => {});
    }),
  'a flood of resets': target => resetFlood(target),
  'calls that are cancelled': target =>
    flood(target, random => ({
      ...(random() < 0.5 ? signed('GetMicrogridDispatch') : headersOf('GetMicrogridDispatch', { key: 'wrong' })),
      cancels: true,
    })),
  'oversized metadata': target =>
    flood(target, () => headersOf('GetMicrogridDispatch', { key: 'wrong', 'x-large': 'x'.repeat(12_000) })),
  'keys at random': target =>
    flood(target, random => headersOf('GetMicrogridDispatch', { key: bytes(16, random).toString('hex') })),
  'a right key with wrong signatures': target => flood(target, () => signed('GetMicrogridDispatch', 'a wrong secret')),
  'signed calls of anything': target =>
    flood(target, random => ({
      ...signed('CreateMicrogridDispatch'),
      body: random() < 0.5 ? LONG : grpcFrame(bytes(200, random)),
    })),
  'a tenant at ten times its limit': target => pacedCalls(target, 1_000),
};

interface Request {
  readonly headers: OutgoingHttpHeaders;
  readonly body?: Buffer;
  readonly encoding?: string;
  readonly cancels?: boolean;
}

function headersOf(method: string, metadata: OutgoingHttpHeaders): Request {
  const base = {
    ':method': 'POST',
    ':path': `${SERVICE}/${method}`,
    'content-type': 'application/grpc',
    te: 'trailers',
  };
  return { headers: { ...base, ...metadata } };
}

function signed(method: string, secret = TENANT.secret): Request {
  const metadata = signedMetadata({ key: TENANT.key, secret, method });
  return headersOf(method, Object.fromEntries([...metadata].map(([name, [value]]) => [name, String(value)])));
}

function creationFor(components: number): Uint8Array {
  const target = { components: { $case: 'componentIds' as const, value: { ids: Array<bigint>(components).fill(1n) } } };
  const request = { microgridId: 1n, startImmediately: true, dispatchData: { type: 'T', target, isActive: true } };
  return CreateMicrogridDispatchRequest.encode(CreateMicrogridDispatchRequest.fromPartial(request)).finish();
}

/** As many calls as go, over a few connections that are opened again when they are lost. */
async function flood(target: Target, next: (random: () => number) => Request): Promise<void> {
  const workers = Array.from({ length: 4 }, async () => {
    while (!target.signal.aborted) {
      const session = await opened(target);
      if (!session) continue;
      const calls = Array.from({ length: TOGETHER / 4 }, async () => {
        while (!target.signal.aborted && !session.destroyed && !session.closed) {
          target.count(await ended(session, next(target.random)));
        }
      });
      await Promise.all(calls);
      session.destroy();
    }
  });
  await Promise.all(workers);
}

/** Headers and a reset, again and again, over connections that are opened again when the service has ended them. */
async function resetFlood(target: Target): Promise<void> {
  await heldConnections(target, 4, async socket => {
    socket.write(Buffer.concat([PREFACE, settings()]));
    for (let id = 1; !socket.destroyed && !target.signal.aborted; ) {
      const calls = Array.from({ length: 50 }, () => {
        const { headers } =
          target.random() < 0.5 ? signed('GetMicrogridDispatch') : headersOf('GetMicrogridDispatch', { key: 'wrong' });
        const block = headerBlock({
          ':scheme': 'http',
          ':authority': 'localhost',
          ...(headers as Record<string, string>),
        });
        const call = [frame(FRAME.headers, END_HEADERS, id, block), frame(FRAME.reset, 0, id, uint32(8))];
        id += 2;
        target.count('reset');
        return Buffer.concat(call);
      });
      if (socket.write(Buffer.concat(calls))) await new Promise(resolve => setImmediate(resolve));
      else await Promise.race([once(socket, 'drain'), once(socket, 'close')]).catch(() => {});
    }
  });
}

/** So many calls a second, whatever comes of them. */
async function pacedCalls(target: Target, perSecond: number): Promise<void> {
  const session = await opened(target);
  if (!session) throw new Error('the service takes no connection');
  const pending = new Set<Promise<void>>();
  const startMs = performance.now();
  for (let made = 0; !target.signal.aborted; ) {
    const due = ((performance.now() - startMs) / 1_000) * perSecond;
    for (; made < due; made += 1) {
      const method = made % 2 === 0 ? 'ListMicrogridDispatches' : 'GetMicrogridDispatch';
      const call = ended(session, { ...signed(method), body: grpcFrame(Buffer.of(0x08, 1)) }).then(target.count);
      pending.add(call);
      void call.finally(() => pending.delete(call));
    }
    await pause(5);
  }
  session.destroy();
  await Promise.all(pending);
}

/** Calls whose requests come byte by byte, or never. */
async function slowBodies(target: Target, next: () => Request, dripMs = 100): Promise<void> {
  const session = await opened(target);
  if (!session) throw new Error('the service takes no connection');
  const calls = Array.from({ length: 1_000 }, async () => {
    while (!target.signal.aborted && !session.destroyed) {
      const stream = session.request(next().headers);
      const answer = statusOf(stream);
      const closed = once(stream, 'close');
      stream.write(LONG.subarray(0, 5));
      for (let sent = 5; dripMs > 0 && !stream.closed && !target.signal.aborted; sent += 1) {
        stream.write(LONG.subarray(sent, sent + 1));
        await Promise.race([closed, pause(dripMs)]);
      }
      if (target.signal.aborted) stream.close(constants.NGHTTP2_CANCEL);
      else if (dripMs === 0) await Promise.race([closed, once(target.signal, 'abort')]);
      target.count(answer());
    }
  });
  await Promise.all(calls);
  session.destroy();
}

/** Connections that are opened again when they are lost. */
async function heldConnections(target: Target, number: number, hold: (socket: Socket) => Promise<void>): Promise<void> {
  const connections = Array.from({ length: number }, async () => {
    while (!target.signal.aborted) {
      const socket = connect(target.port, '127.0.0.1');
      let outcome = 'held';
      socket.on('error', (error: NodeJS.ErrnoException) => {
        outcome = error.code ?? 'error';
      });
      socket.resume();
      await hold(socket);
      socket.destroy();
      target.count(socket.readableEnded ? 'closed' : outcome);
      if (!target.signal.aborted) await pause(20);
    }
  });
  await Promise.all(connections);
}

async function drips(socket: Socket, { signal }: Target): Promise<boolean> {
  await pause(100);
  return !socket.destroyed && !signal.aborted;
}

async function opened({ port, count }: Target): Promise<ClientHttp2Session | null> {
  const session = connectHttp2(`http://127.0.0.1:${port}`, { maxSessionMemory: 500 });
  session.on('error', (error: NodeJS.ErrnoException) => count(`connection: ${error.code}`));
  await Promise.race([once(session, 'connect').catch(() => {}), once(session, 'close')]);
  return session.destroyed ? null : session;
}

/** Makes a call; returns how it ended. */
async function ended(session: ClientHttp2Session, { headers, body, encoding, cancels }: Request): Promise<string> {
  const stream = session.request({ ...headers, ...(encoding !== undefined && { 'grpc-encoding': encoding }) });
  const answer = statusOf(stream);
  if (cancels) {
    // Once it is on its way.
    await new Promise(resolve => setImmediate(resolve));
    stream.close(constants.NGHTTP2_CANCEL);
  } else stream.end(body);
  if (!stream.destroyed) await new Promise(resolve => stream.once('close', resolve));
  return answer();
}

function statusOf(stream: ReturnType<ClientHttp2Session['request']>): () => string {
  let status: unknown;
  const note = (headers: OutgoingHttpHeaders) => {
    status = headers['grpc-status'] ?? status;
  };
  stream.on('response', note);
  stream.on('trailers', note);
  stream.on('error', () => {});
  stream.resume();
  return () => (status === undefined ? `reset ${stream.rstCode}` : `status ${status}`);
}
