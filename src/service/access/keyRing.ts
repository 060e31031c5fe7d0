import { createHash } from 'node:crypto';

import { DispatchError } from '../../model/dispatchError.js';
import { readId } from '../domain/requestIds.js';
import { type MethodAccess, missingAccess } from './methodAccess.js';

/** A caller, as logs and metrics may show it. */
export interface Caller {
  readonly name: string;
  /** Ids of the microgrids that it may read and change. */
  readonly microgrids: 'all' | ReadonlySet<number>;
}

/** An API key with its permissions. */
export interface ApiKey extends Caller {
  readonly key: string;
  /** The secret with which calls must be signed; without one they need no signature. */
  readonly secret: string | undefined;
  /** @default 'write' */
  readonly access?: 'read' | 'write' | undefined;
  /** Whether it may read the audit of its microgrids. @default false */
  readonly audit?: boolean | undefined;
}

/** The caller of a method that needs no key, and of every method of a service without keys. */
export const ANYBODY: ApiKey = { name: 'anybody', key: '', secret: undefined, microgrids: 'all', audit: true };

/** A stream, which must end when its key or its permission is revoked. */
export interface RevocableCall {
  readonly apiKey: ApiKey;
  readonly microgridId: bigint | null;
  readonly needed: MethodAccess;
  end(reason: DispatchError): void;
}

/** The API keys of a service. */
export interface KeyRing {
  /** Finds a key, in a time that does not depend on how much of it is right. */
  find(key: string): ApiKey | undefined;
  /**
   * Replaces the keys, and ends tracked calls that are no longer allowed: with UNAUTHENTICATED when the key was removed or its
   * secret changed, with PERMISSION_DENIED when it lost access to the microgrid or to the method.
   */
  replace(keys: readonly ApiKey[]): void;
  /** Makes {@link replace} end the call when it is revoked; returns a function that undoes it. */
  track(call: RevocableCall): () => void;
  /** Whether a key has this name. */
  isNamed(name: string): boolean;
  /** Makes {@link replace} call a function with each key that was removed, so that nothing of it is kept. */
  onRemoved(forget: (apiKey: ApiKey) => void): void;
}

/** Whether a caller has access to a microgrid, whose id may be above 2^53-1. */
export function hasAccess({ microgrids }: Caller, microgridId: bigint): boolean {
  return microgrids === 'all' || microgrids.has(readId(microgridId));
}

/** The error for a call about a microgrid to which its caller has no access. */
export function noAccess(microgridId: bigint): DispatchError {
  return new DispatchError('PERMISSION_DENIED', `the API key has no access to microgrid ${microgridId}`);
}

/** Creates a key ring. */
export function keyRing(keys: readonly ApiKey[]): KeyRing {
  let byDigest = digested(keys);
  let names = namesOf(keys);
  const tracked = new Set<RevocableCall>();
  const forgetters: ((apiKey: ApiKey) => void)[] = [];
  const find = (key: string) => byDigest.get(digest(key));

  function revocationOf({ apiKey, microgridId, needed }: RevocableCall): DispatchError | null {
    const now = find(apiKey.key);
    if (!now || now.secret !== apiKey.secret) {
      return new DispatchError('UNAUTHENTICATED', 'the API key is no longer accepted');
    }
    if (microgridId !== null && !hasAccess(now, microgridId)) return noAccess(microgridId);
    return missingAccess(now, needed);
  }

  return {
    find,
    replace(next) {
      const before = byDigest;
      byDigest = digested(next);
      names = namesOf(next);
      for (const [digest, apiKey] of before) {
        if (!byDigest.has(digest)) for (const forget of forgetters) forget(apiKey);
      }
      for (const call of [...tracked]) {
        const reason = revocationOf(call);
        if (reason) call.end(reason);
      }
    },
    track(call) {
      tracked.add(call);
      return () => tracked.delete(call);
    },
    isNamed: name => names.has(name),
    onRemoved: forget => void forgetters.push(forget),
  };
}

function digested(keys: readonly ApiKey[]): ReadonlyMap<string, ApiKey> {
  return new Map(keys.map(apiKey => [digest(apiKey.key), apiKey]));
}

function namesOf(keys: readonly ApiKey[]): ReadonlySet<string> {
  return new Set(keys.map(({ name }) => name));
}

/** The time of looking up a digest reveals nothing about the keys. */
function digest(key: string): string {
  return createHash('sha256').update(key).digest('base64');
}
