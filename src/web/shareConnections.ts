import type { ClientMiddleware } from 'nice-grpc-common';
import { ClientError, Status } from '../client/grpcCommon.js';

/**
 * Maximum number of open streams to a host over HTTP/1.1. A stream takes a connection, and browsers open six to a host: without one that is left
 * no call would get through.
 */
const maxStreams = 4;

/**
 * The middleware that refuses streams beyond {@link maxStreams} as `UNIMPLEMENTED`, so that dispatchers list from time to time instead. Over HTTPS
 * nothing is refused: there the service offers HTTP/2, where all calls share one connection.
 *
 * @param acrossTabs - counts the streams of all pages of the origin together, where the browser has locks.
 */
export function shareConnections(url: string, acrossTabs: boolean): ClientMiddleware {
  const { host } = new URL(url);
  const isLimited = hasFewConnections(url);
  return async function* shared(call, options) {
    if (!isLimited || !call.method.responseStream) return yield* call.next(call.request, options);
    const leave = await enter(host, acrossTabs);
    if (leave === null) {
      const text = `${maxStreams} streams are open already: browsers have no more connections to ${host} without HTTPS`;
      throw new ClientError(call.method.path, Status.UNIMPLEMENTED, text);
    }
    try {
      return yield* call.next(call.request, options);
    } finally {
      leave();
    }
  };
}

/** Why a call of a page may get no connection, as the end of a sentence; undefined: it gets one. */
export function lateHintOf(url: string): string | undefined {
  if (!hasFewConnections(url)) return undefined;
  return `; without HTTPS a browser has six connections to ${new URL(url).host} for all its tabs, which others may have`;
}

function hasFewConnections(url: string): boolean {
  return url.startsWith('http:') && 'document' in globalThis;
}

/** Streams of this page, by host. */
const counts = new Map<string, number>();

/** Begins a stream; returns what ends it, or null when there are too many. */
async function enter(host: string, acrossTabs: boolean): Promise<(() => void) | null> {
  const { locks } = navigator as Partial<Navigator>;
  if (!acrossTabs || locks === undefined) return enterAlone(host);
  for (let place = 1; place <= maxStreams; place += 1) {
    const leave = await tryLock(locks, `xstate-dispatch stream ${place} to ${host}`);
    if (leave !== null) return leave;
  }
  return null;
}

function enterAlone(host: string): (() => void) | null {
  const count = counts.get(host) ?? 0;
  if (count >= maxStreams) return null;
  counts.set(host, count + 1);
  return () => counts.set(host, (counts.get(host) ?? 1) - 1);
}

function tryLock(locks: LockManager, name: string): Promise<(() => void) | null> {
  return new Promise((resolve, reject) => {
    const held = locks.request(name, { ifAvailable: true }, lock =>
      lock === null ? resolve(null) : new Promise<void>(leave => resolve(leave)),
    );
    held.catch(reject);
  });
}
