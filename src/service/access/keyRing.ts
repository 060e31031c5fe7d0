import { createHash } from 'node:crypto';

import { DispatchError } from '../../model/dispatchError.js';
import { readId } from '../domain/requestIds.js';

/** Who calls, as it may be told in logs and metrics. */
export interface Caller {
  readonly name: string;
  /** The microgrids that it may see and change, by id. */
  readonly microgrids: 'all' | ReadonlySet<number>;
}

/** An API key with its rights. */
export interface ApiKey extends Caller {
  readonly key: string;
  /** What its calls must be signed with; without one they are not signed. */
  readonly secret: string | undefined;
}

/** A call that goes on for long: it ends when what it rests on does. */
export interface LongCall {
  readonly apiKey: ApiKey;
  readonly microgridId: bigint | null;
  end(reason: DispatchError): void;
}

/** The API keys that a service accepts. */
export interface KeyRing {
  /** Finds a key in a time that tells nothing about how much of one was right. */
  find(key: string): ApiKey | undefined;
  /**
   * Puts other keys in place of the present ones, and ends the calls that rest on what is no longer so: UNAUTHENTICATED
   * where the key is gone or its secret changed, PERMISSION_DENIED where it may no longer see the microgrid.
   */
  replace(keys: readonly ApiKey[]): void;
  /** Lets {@link replace} end a call; returns what undoes it. */
  track(call: LongCall): () => void;
}

/** Whether a caller may see and change a microgrid, whose id may be above 2^53-1. */
export function maySee({ microgrids }: Caller, microgridId: bigint): boolean {
  return microgrids === 'all' || microgrids.has(readId(microgridId));
}

/** Why a call about a microgrid is refused that its caller may not see. */
export function foreignMicrogrid(microgridId: bigint): DispatchError {
  return new DispatchError('PERMISSION_DENIED', `the key gives no right to microgrid ${microgridId}`);
}

/** A ring of keys. */
export function keyRing(keys: readonly ApiKey[]): KeyRing {
  let byDigest = digested(keys);
  const tracked = new Set<LongCall>();
  const find = (key: string) => byDigest.get(digest(key));

  function lost({ apiKey, microgridId }: LongCall): DispatchError | null {
    const now = find(apiKey.key);
    if (!now || now.secret !== apiKey.secret) {
      return new DispatchError('UNAUTHENTICATED', 'the key is no longer one that this service accepts');
    }
    return microgridId === null || maySee(now, microgridId) ? null : foreignMicrogrid(microgridId);
  }

  return {
    find,
    replace(next) {
      byDigest = digested(next);
      for (const call of [...tracked]) {
        const reason = lost(call);
        if (reason) call.end(reason);
      }
    },
    track(call) {
      tracked.add(call);
      return () => tracked.delete(call);
    },
  };
}

function digested(keys: readonly ApiKey[]): ReadonlyMap<string, ApiKey> {
  return new Map(keys.map(apiKey => [digest(apiKey.key), apiKey]));
}

/** Looking up the digest of a text tells nothing about the texts that are there. */
function digest(key: string): string {
  return createHash('sha256').update(key).digest('base64');
}
